// Passkeys, with Chromium's virtual authenticator: made, signed in with by the button and by what the browser fills in, used to
// confirm, refused where something is wrong.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import { addAuthenticator } from "../support/authenticator.mjs";
import { LOOKS, assertGood, launch, picture, visit } from "../support/browser.mjs";
import { startServer } from "../support/server.mjs";

const PASSWORD = "correct horse battery staple";
const PHONE = { viewport: { width: 390, height: 844 } };
let count = 0;

describe("passkeys", () => {
  let server, browser;

  before(async () => {
    [server, browser] = await Promise.all([startServer({ DOORWARD_RATE_LIMIT__ENABLED: "false" }), launch()]);
  });

  after(() => Promise.all([browser?.close(), server?.stop()]));

  const press = (page, name) => page.getByRole("button", { name, exact: true }).first().click();

  /** Somebody who has just signed up, in a browser that keeps passkeys. */
  async function member(look = {}, authenticating = {}) {
    const { context, page, complaints } = await visit(browser, server.url, look);
    context.setDefaultTimeout(10_000);
    const authenticator = await addAuthenticator(page, authenticating);
    const email = `passkey${++count}@example.com`;
    await page.goto("/sign-up");
    await page.locator("#email").fill(email);
    await page.locator("#password").fill(PASSWORD);
    await press(page, "Create account");
    await page.waitForURL("**/verify-email*");
    await page.locator("#code").fill((await server.mail(email)).text.match(/^(\d{6})$/m)[1]);
    await press(page, "Verify the code");
    await page.waitForURL("**/account");
    return { context, page, complaints, authenticator, email };
  }

  async function add(page) {
    await page.goto("/account/passkeys");
    await page.getByRole("link", { name: "Add a passkey" }).click();
    await press(page, "Create a passkey");
    await page.getByText("Your passkey is added.").waitFor();
  }

  /** By the browser's signals, which nobody waits for. */
  async function empties(authenticator) {
    for (let tries = 0; (await authenticator.credentials()).length; tries++) {
      assert.ok(tries < 50, "the passkey is still kept");
      await wait(100);
    }
  }

  /** To the sign-in page, with nobody at the authenticator, so that nothing is answered by itself. */
  async function signedOut(page, authenticator) {
    await authenticator.present(false);
    await press(page, "Sign out");
    await page.waitForURL("**/sign-in*");
    await page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
  }

  /** By the button alone: Chromium's authenticator picks a passkey for the field of the name by itself, as soon as it may. */
  async function byButton(page, authenticator) {
    await page.addInitScript(() => {
      PublicKeyCredential.isConditionalMediationAvailable = async () => false;
    });
    await page.reload();
    await authenticator.present(true);
    await press(page, "Sign in with a passkey");
  }

  for (const look of [{ name: "desktop" }, { name: "phone", ...PHONE }]) {
    it(`makes one from the offer to somebody new, and signs in with it, ${look.name}`, async () => {
      const { context, page, complaints, authenticator, email } = await member(look);
      await page.getByRole("heading", { name: "Sign in faster next time" }).waitFor();
      await page.getByRole("link", { name: "Add a passkey" }).click();
      await press(page, "Create a passkey");
      await page.getByText("Your passkey is added.").waitFor();
      const [credential] = await authenticator.credentials();
      assert.equal(credential.isResidentCredential, true);
      assert.equal(credential.rpId, "localhost");
      assert.match((await server.mail(email)).subject, /A passkey was added/);

      await signedOut(page, authenticator);
      await byButton(page, authenticator);
      await page.waitForURL("**/account");
      await page.locator(".address", { hasText: email }).waitFor();
      assert.equal(await page.getByText("Sign in faster next time").count(), 0);
      await page.goto("/account/sessions");
      await page.getByText("by passkey").waitFor();
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  it("signs in by what the browser fills in, and keeps where to go and for how long", async () => {
    const { context, page } = await member();
    await add(page);
    await page.evaluate(() => fetch("/v1/sign-out", { method: "POST" }));
    // Chromium's authenticator picks a passkey by itself, as soon as it is asked.
    let tick;
    const ticked = new Promise((resolve) => (tick = resolve));
    await page.route("**/v1/sign-in/passkey/start", async (route) => {
      await ticked;
      await route.continue();
    });
    await page.goto("/sign-in?redirect_to=%2Faccount%2Fdata");
    assert.equal(await page.locator("#identifier").getAttribute("autocomplete"), "username webauthn");
    await page.getByLabel("Stay signed in on this device").check();
    tick();
    await page.waitForURL("**/account/data");
    const remembered = await page.evaluate(async () => (await (await fetch("/v1/session")).json()).session.remember);
    assert.equal(remembered, true);
    await context.close();
  });

  it("confirms that it is you, where something asks for that", async () => {
    const { context, page, authenticator } = await member();
    await add(page);
    await page.goto("/reauthenticate?redirect_to=%2Faccount%2Fdelete");
    await authenticator.present(true);
    await press(page, "Use a passkey");
    await page.waitForURL("**/account/delete");
    await context.close();
  });

  it("asks anew after Back, in place of sending the old answer", async () => {
    const { context, page, authenticator } = await member();
    await add(page);
    await page.goto("/reauthenticate?redirect_to=%2Faccount%2Fdelete");
    const kept = await page.evaluate(() => {
      // As the browser keeps a page that it comes back to.
      const { passkey_token: token, credential } = document.querySelector("form[data-passkey]").elements;
      [token.value, credential.value] = ["an old token", "{}"];
      dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
      return token.value + credential.value;
    });
    assert.equal(kept, "");
    await authenticator.present(true);
    await press(page, "Use a passkey");
    await page.waitForURL("**/account/delete");
    await context.close();
  });

  it("is told in words when the person cancels, or never answers", async () => {
    const { context, page, authenticator } = await member();
    await page.goto("/account/passkeys/add");
    await authenticator.verifies(false);
    await press(page, "Create a passkey");
    await page.getByText("That was cancelled, or took too long.").waitFor();
    await page.getByRole("button", { name: "Create a passkey" }).waitFor();
    await assertGood(page, "cancelled");
    await picture(page, "passkey-cancelled");
    await authenticator.verifies(true);
    await press(page, "Create a passkey");
    await page.getByText("Your passkey is added.").waitFor();
    await page.goto("/account/passkeys/add");
    await press(page, "Create a passkey");
    await page.getByText("This device has a passkey for your account already.").waitFor();
    await context.close();
  });

  it("forgets a passkey that was removed where it is kept, and refuses it", async () => {
    const { context, page, authenticator, email } = await member();
    await add(page);
    const [credential] = await authenticator.credentials();
    await page.getByText("Remove", { exact: true }).click();
    await press(page, "Yes, remove it");
    await page.getByText("That passkey is removed.").waitFor();
    await page.getByText("None yet.").waitFor();
    assert.match((await server.mail(email)).subject, /A passkey was removed/);
    await empties(authenticator);

    await authenticator.send("addCredential", { credential });
    await signedOut(page, authenticator);
    await byButton(page, authenticator);
    await page.getByText("No account has that passkey any more.").waitFor();
    await assertGood(page, "unknown passkey");
    await picture(page, "passkey-unknown");
    await empties(authenticator);
    await context.close();
  });

  it("refuses a copy whose counter is behind, and tells its owner", async () => {
    const { context, page, authenticator, email } = await member();
    await add(page);
    await signedOut(page, authenticator);
    await byButton(page, authenticator);
    await page.waitForURL("**/account");
    await signedOut(page, authenticator);
    await authenticator.replace({ signCount: 0 });
    await byButton(page, authenticator);
    await page.getByText("That passkey may have been copied").waitFor();
    await server.mail(email, "We refused a passkey");
    await context.close();
  });

  it("refuses a passkey that did not ask for the PIN, finger or face, and asks for it the next time", async () => {
    const { context, page, authenticator } = await member();
    await add(page);
    await signedOut(page, authenticator);
    // As a page would that some program on the machine has tampered with.
    await page.route("**/v1/sign-in/passkey/start", async (route) => {
      const response = await route.fetch();
      const started = await response.json();
      started.options.userVerification = "discouraged";
      await route.fulfill({ response, json: started });
    });
    await byButton(page, authenticator);
    await page.getByText("was used without its PIN").waitFor();
    // The page insists from now on, whatever it is told.
    await press(page, "Sign in with a passkey");
    await page.waitForURL("**/account");
    await context.close();
  });

  it("says what is wrong where the address is not the passkeys' own", async () => {
    const other = await startServer({ DOORWARD_RATE_LIMIT__ENABLED: "false" });
    const { context, page } = await visit(browser, other.url.replace("localhost", "127.0.0.1"));
    await addAuthenticator(page);
    await page.goto("/sign-in");
    await press(page, "Sign in with a passkey");
    await page.getByText("This address is not the one that passkeys belong to here.").waitFor();
    await context.close();
    await other.stop();
  });

  it("stays away without script, and where a browser knows no passkeys", async () => {
    const bare = await visit(browser, server.url, { javaScriptEnabled: false });
    await bare.page.goto("/sign-in");
    assert.equal(await bare.page.getByRole("button", { name: "Sign in with a passkey" }).count(), 0);
    assert.match(await bare.page.content(), /<noscript>.*needs scripts, which are off here/);
    await bare.context.close();
    const old = await visit(browser, server.url);
    await old.context.addInitScript(() => delete globalThis.PublicKeyCredential);
    await old.page.goto("/sign-in");
    assert.equal(await old.page.getByRole("button", { name: "Sign in with a passkey" }).count(), 0);
    assert.deepEqual(old.complaints, []);
    await old.context.close();
  });

  it("works in a browser that can't read or write the JSON forms by itself", async () => {
    const { context, page, authenticator } = await member();
    await context.addInitScript(() => {
      for (const name of ["parseCreationOptionsFromJSON", "parseRequestOptionsFromJSON"]) {
        delete PublicKeyCredential[name];
      }
      delete PublicKeyCredential.prototype.toJSON;
    });
    await add(page);
    await signedOut(page, authenticator);
    await byButton(page, authenticator);
    await page.waitForURL("**/account");
    await context.close();
  });

  it("looks good, in every look", async () => {
    for (const look of LOOKS) {
      const { context, page, authenticator } = await member(look);
      for (const [name, path] of [["none", "/account/passkeys"], ["add", "/account/passkeys/add"], ["offer", "/account"]]) {
        await page.goto(path);
        if (name === "offer") await page.getByText("Sign in faster next time").waitFor();
        await assertGood(page, name);
        await picture(page, `passkeys-${name}-${look.name}`);
      }
      await add(page);
      await page.getByText("Rename").click();
      await page.getByLabel("Name of this passkey").fill("Ada's phone, the blue one that is always at hand");
      await press(page, "Save the name");
      await page.getByText("The passkey has a new name.").waitFor();
      await page.getByText("Remove", { exact: true }).click();
      await assertGood(page, "list");
      await picture(page, `passkeys-list-${look.name}`);
      await page.goto("/reauthenticate");
      await page.getByRole("button", { name: "Use a passkey" }).waitFor();
      await assertGood(page, "reauthenticate");
      await picture(page, `passkeys-reauthenticate-${look.name}`);
      await context.clearCookies();
      await authenticator.present(false);
      await page.goto("/sign-in");
      await page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
      await assertGood(page, "sign-in");
      await picture(page, `passkeys-sign-in-${look.name}`);
      await context.close();
    }
  });
});
