// Passkeys (Web Authentication, Level 3) on the pages that ask for them. A form of `data-passkey` waits hidden until a browser
// shows that it knows passkeys; its button asks the server for a challenge and the browser for an answer, and posts that.

"use strict";

(() => {
  const forms = [...document.querySelectorAll("form[data-passkey]")];
  const signals = document.querySelector("[data-passkey-signals]");
  /** What runs until somebody presses the button: passkeys offered in the field of the name. */
  let waiting = null;
  if (!globalThis.PublicKeyCredential || !navigator.credentials) {
    document.querySelectorAll("[data-passkey-missing]").forEach((line) => (line.hidden = false));
    return;
  }

  forms.forEach(ready);
  document.querySelectorAll("[data-passkey-or]").forEach((line) => (line.hidden = false));
  // One "or" is enough for all the other ways.
  document.querySelectorAll("[data-passkey-instead]").forEach((line) => line.remove());
  document.querySelectorAll("[data-passkey-offer]").forEach(offer);
  if (signals) tell(JSON.parse(signals.dataset.passkeySignals));
  // Back from the next page, the browser may show this one with the answer that was sent.
  addEventListener("pageshow", ({ persisted }) => forms.forEach((form) => empty(form, persisted)));

  function ready(form) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      // Filled in: now it is sent.
      if (form.elements.credential.value) return;
      event.preventDefault();
      event.stopPropagation();
      if (!form.hasAttribute("data-asking")) ask(form);
    });
    if (form.dataset.unknown) forget(JSON.parse(form.dataset.unknown));
    if ("autofill" in form.dataset) autofill(form);
  }

  /** An answer is good once. */
  function empty(form, again) {
    form.elements.passkey_token.value = "";
    form.elements.credential.value = "";
    form.querySelectorAll("[data-copied]").forEach((input) => input.remove());
    if (again && "autofill" in form.dataset) autofill(form);
  }

  async function ask(form) {
    waiting?.abort();
    waiting = null;
    say(form, "");
    form.toggleAttribute("data-asking", true);
    const words = form.querySelector("button span");
    const label = words.textContent;
    words.textContent = "Waiting for your passkey…";
    try {
      send(form, await answer(form));
    } catch (error) {
      say(form, inWords(error));
    } finally {
      form.toggleAttribute("data-asking", false);
      words.textContent = label;
    }
  }

  /** Offers passkeys beside the names that the browser fills in, for as long as the page is looked at. */
  async function autofill(form) {
    const can = await globalThis.PublicKeyCredential.isConditionalMediationAvailable?.();
    if (!can || form.hasAttribute("data-asking")) return;
    const ours = new AbortController();
    waiting = ours;
    // Before the challenge runs out, with a new one.
    const renewal = setTimeout(() => {
      ours.abort();
      whenVisible(() => waiting === ours && autofill(form));
    }, 8 * 60_000);
    try {
      send(form, await answer(form, { mediation: "conditional", signal: ours.signal }));
    } catch (error) {
      // Nobody asked for it: what goes wrong is told where somebody presses the button.
      if (error.name !== "AbortError") console.debug(error);
    } finally {
      if (waiting !== ours) clearTimeout(renewal);
    }
  }

  function whenVisible(then) {
    if (document.visibilityState === "visible") then();
    else document.addEventListener("visibilitychange", () => whenVisible(then), { once: true });
  }

  /** The server's challenge, answered by the browser. */
  async function answer(form, how = {}) {
    const creates = form.dataset.passkey === "create";
    const asked = /\/(reauthenticate|sign-in\/mfa)$/.test(form.getAttribute("action")) ? { method: "passkey" } : {};
    const { passkey_token: token, options } = await post(form.dataset.start, asked);
    if ("verify" in form.dataset) options.userVerification = "required";
    const credential = creates
      ? await navigator.credentials.create({ ...how, publicKey: creation(options) })
      : await navigator.credentials.get({ ...how, publicKey: request(options) });
    return { token, credential: JSON.stringify(plain(credential)) };
  }

  function send(form, { token, credential }) {
    empty(form, false);
    form.elements.passkey_token.value = token;
    form.elements.credential.value = credential;
    for (const { name } of document.querySelectorAll("#remember:checked, #trust_device:checked")) {
      const copy = Object.assign(document.createElement("input"), { type: "hidden", name, value: "on" });
      copy.toggleAttribute("data-copied", true);
      form.append(copy);
    }
    form.requestSubmit();
  }

  async function post(path, body, again = true) {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const read = await response.json().catch(() => ({}));
    if (response.ok) return read;
    if (read.code === "token_expired" && again) {
      // Pages renew it while they answer; this page has been open for longer than it holds.
      const base = path.slice(0, path.lastIndexOf("/v1/"));
      await post(`${base}/v1/token/refresh`, {}, false);
      return post(path, body, false);
    }
    // The page itself asks for what is missing: a sign-in, or a newer proof of who it is.
    if (["not_authenticated", "reauthentication_required"].includes(read.code)) location.reload();
    throw Object.assign(new Error(read.detail ?? ""), { name: "Refused" });
  }

  function say(form, text) {
    const message = form.querySelector(".message");
    message.querySelector("p").textContent = text;
    message.hidden = !text;
  }

  function inWords(error) {
    switch (error.name) {
      case "Refused":
        return error.message || "The server did not answer as expected. Try again.";
      case "NotAllowedError":
      case "AbortError":
        return "That was cancelled, or took too long. Try again when you are ready.";
      case "InvalidStateError":
        return "This device has a passkey for your account already.";
      case "SecurityError":
        return "This address is not the one that passkeys belong to here.";
      case "NotSupportedError":
      case "ConstraintError":
        return "This device can't make a passkey of the kind that is needed. Try another device or a password manager.";
      default:
        return "Something went wrong between this page and your passkey. Check the connection and try again.";
    }
  }

  /** Shown to somebody new, where this device can keep a passkey. */
  async function offer(card) {
    card.hidden = !(await globalThis.PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable?.());
  }

  /** Tells the password manager which passkeys are still good, and what the account is called (section 5.1.10). */
  function tell({ rpId, userId, name, displayName, allAcceptedCredentialIds }) {
    const { PublicKeyCredential: known } = globalThis;
    const quietly = (told) => told?.catch(() => {});
    quietly(known.signalAllAcceptedCredentials?.({ rpId, userId, allAcceptedCredentialIds }));
    quietly(known.signalCurrentUserDetails?.({ rpId, userId, name, displayName }));
  }

  /** Tells it of a passkey that no account has. */
  function forget({ rpId, credentialId }) {
    globalThis.PublicKeyCredential.signalUnknownCredential?.({ rpId, credentialId })?.catch(() => {});
  }

  // The JSON forms, for browsers that can't read or write them by themselves.

  function creation(options) {
    const { PublicKeyCredential: known } = globalThis;
    if (known.parseCreationOptionsFromJSON) return known.parseCreationOptionsFromJSON(options);
    return {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: options.excludeCredentials.map((one) => ({ ...one, id: bytes(one.id) })),
    };
  }

  function request(options) {
    const { PublicKeyCredential: known } = globalThis;
    if (known.parseRequestOptionsFromJSON) return known.parseRequestOptionsFromJSON(options);
    return {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: options.allowCredentials.map((one) => ({ ...one, id: bytes(one.id) })),
    };
  }

  function plain(credential) {
    // Some password managers put a credential of their own in place, whose toJSON does not work.
    try {
      const json = credential.toJSON();
      if (json?.response?.clientDataJSON) return json;
    } catch {}
    const { id, rawId, type, response } = credential;
    const members = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
    const there = members.filter((member) => response[member]);
    const written = Object.fromEntries(there.map((member) => [member, text(response[member])]));
    if (response.getTransports) written.transports = response.getTransports();
    return { id, rawId: text(rawId), type, response: written };
  }

  function bytes(base64url) {
    const binary = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (char) => char.charCodeAt(0));
  }

  function text(buffer) {
    const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
    return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }
})();
