// What script adds to pages that work without it: a reveal for passwords, a word on their strength, a countdown before
// a mail can be sent again, and buttons that show they are at work.

"use strict";

document.querySelectorAll('input[type="password"]').forEach((input) => {
  addReveal(input);
  if (input.autocomplete === "new-password") addStrength(input);
});
document.querySelectorAll("button[data-wait]").forEach(countDown);
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
