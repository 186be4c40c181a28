// What script adds to pages that work without it: a reveal for passwords, a word on their strength, a countdown before
// a mail can be sent again, buttons that show they are at work, and the puzzle that keeps guessers off.

"use strict";

/** The first 32 bits of the fractional parts of the square and cube roots of the first primes (FIPS 180-4, section 4.2.2). */
const primes = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime)) primes.push(n);
const fraction = (root) => Math.floor((root % 1) * 2 ** 32);
sha256.start = Uint32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
sha256.rounds = Uint32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));

document.querySelectorAll('input[type="password"]').forEach((input) => {
  addReveal(input);
  if (input.autocomplete === "new-password") addStrength(input);
});
document.querySelectorAll("button[data-wait]").forEach(countDown);
document.querySelectorAll("input[data-challenge]").forEach(solve);
document.querySelectorAll("button[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});
document.addEventListener("submit", begin);
// Back from the next page, the browser shows this one as it was left: at work.
addEventListener("pageshow", (event) => event.persisted && document.querySelectorAll("form[aria-busy]").forEach(rest));

function addReveal(input) {
  const button = document.createElement("button");
  const name = input.labels[0].textContent.toLowerCase();
  const show = (shown) => {
    input.type = shown ? "text" : "password";
    button.textContent = shown ? "Hide" : "Show";
    button.setAttribute("aria-label", `${button.textContent} ${name}`);
  };
  button.type = "button";
  button.className = "reveal";
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => show(input.type === "password"));
  // Browsers keep what was in a text field; nobody shall find a password there.
  input.form.addEventListener("submit", () => show(false));
  input.parentElement.classList.add("has-reveal");
  input.after(button);
  show(false);
}

function addStrength(input) {
  const line = document.createElement("p");
  let timer;
  line.className = "hint";
  line.setAttribute("aria-live", "polite");
  input.closest(".field").append(line);
  input.addEventListener("input", () => {
    clearTimeout(timer);
    // Read out after a pause, not at every key.
    timer = setTimeout(() => (line.textContent = strength(input)), 300);
  });
}

/** A rough word. The server decides, with a list of what is guessed first. */
function strength(input) {
  const password = input.value.normalize("NFC");
  const length = [...password].length;
  if (!length) return "";
  const missing = (input.minLength > 0 ? input.minLength : 8) - length;
  if (missing > 0) return `${missing} more character${missing > 1 ? "s" : ""} to go.`;
  const low = password.toLowerCase();
  const known = [...input.form.elements]
    .filter((other) => other !== input && /email|username/.test(other.autocomplete))
    .flatMap((other) => other.value.toLowerCase().split(/[@.\s]/))
    .filter((word) => word.length > 3);
  if (known.some((word) => low.includes(word))) return "Easy to guess: it holds a part of your address.";
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(password)).length;
  const worth = new Set(low).size * 1.5 + kinds * 2 + Math.max(0, length - 8);
  if (/^(.{1,4})\1+$/.test(low) || /pass.?word|qwert|asdf|12345|abcde|letmein|welcome/.test(low) || worth < 15) {
    return "Easy to guess. Add a word or two.";
  }
  return worth < 28 ? "Fair. Longer is better." : "Strong.";
}

function countDown(button) {
  const label = button.textContent;
  const until = Date.now() + button.dataset.wait * 1000;
  button.form.querySelector(".wait")?.remove();
  button.disabled = true;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? `${label} in ${left} s` : label;
    if (left > 0) setTimeout(tick, 250);
  };
  tick();
}

function begin(event) {
  const form = event.target;
  if (form.hasAttribute("aria-busy")) {
    event.preventDefault();
    return;
  }
  // The puzzle first; then the form is sent by itself.
  const puzzle = form.querySelector("input[data-challenge]");
  if (puzzle && !puzzle.value) {
    event.preventDefault();
    puzzle.addEventListener("change", () => form.requestSubmit(event.submitter), { once: true });
    return;
  }
  form.setAttribute("aria-busy", "true");
  const button = event.submitter ?? form.querySelector('button[type="submit"]');
  if (!button?.dataset.busy) return;
  button.dataset.label = button.textContent;
  button.textContent = button.dataset.busy;
  // Not `disabled`: that would take the focus away.
  button.setAttribute("aria-disabled", "true");
  // Stopped, or the network went away: the page is still here, and can be used again.
  setTimeout(() => rest(form), 10_000);
}

function rest(form) {
  form.removeAttribute("aria-busy");
  form.querySelectorAll("button[data-label]").forEach((button) => {
    button.textContent = button.dataset.label;
    button.removeAttribute("aria-disabled");
  });
}

/** Looks for the nonce of a proof-of-work puzzle, some thousand tries at a time, so that the page stays alive. */
function solve(input) {
  const { challenge, difficulty } = input.dataset;
  input.form.querySelector(".no-script")?.remove();
  let nonce = 0;
  const step = () => {
    for (const end = nonce + 2000; nonce < end; nonce++) {
      const text = `${challenge}.${nonce.toString(36)}`;
      if (leadingZeros(sha256(text)) >= difficulty) {
        input.value = text;
        input.dispatchEvent(new Event("change"));
        return;
      }
    }
    setTimeout(step);
  };
  step();
}

function leadingZeros(words) {
  const zeros = Math.clz32(words[0]);
  return zeros < 32 ? zeros : 32 + Math.clz32(words[1]);
}

/** SHA-256 (FIPS 180-4) of ASCII text, as eight words. The browser's own can only be waited for, which takes far longer. */
function sha256(text) {
  const length = text.length;
  const words = new Uint32Array((((length + 8) >> 6) + 1) * 16);
  for (let at = 0; at < length; at++) words[at >> 2] |= text.charCodeAt(at) << (24 - (at % 4) * 8);
  words[length >> 2] |= 0x80 << (24 - (length % 4) * 8);
  words[words.length - 1] = length * 8;
  const state = sha256.start.slice();
  const w = new Uint32Array(64);
  const turn = (word, by) => (word >>> by) | (word << (32 - by));
  for (let block = 0; block < words.length; block += 16) {
    for (let at = 0; at < 64; at++) {
      if (at < 16) {
        w[at] = words[block + at];
      } else {
        const a = w[at - 15];
        const b = w[at - 2];
        const s0 = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3);
        const s1 = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10);
        w[at] = w[at - 16] + s0 + w[at - 7] + s1;
      }
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let at = 0; at < 64; at++) {
      const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + sha256.rounds[at] + w[at]) | 0;
      const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, at) => (state[at] += word));
  }
  return state;
}
