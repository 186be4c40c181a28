// A second factor that has to be set up on the way in: by a passkey, with Chromium's virtual authenticator, or by an app.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { addAuthenticator } from "../support/authenticator.mjs";
import { LOOKS, assertGood, launch, picture, visit } from "../support/browser.mjs";
import { codeIn, startServer } from "../support/server.mjs";
import { totp } from "../support/totp.mjs";

const PASSWORD = "correct horse battery staple";
let count = 0;

describe("a second factor on the way in", () => {
  let server, browser;

  before(async () => {
    const settings = { DOORWARD_RATE_LIMIT__ENABLED: "false", DOORWARD_MFA__REQUIRED_FOR: "user" };
    [server, browser] = await Promise.all([startServer(settings), launch()]);
  });

  after(() => Promise.all([browser?.close(), server?.stop()]));

  const press = (page, name) => page.getByRole("button", { name, exact: true }).first().click();

  /** Somebody new, who is asked to set one up. */
  async function newcomer(look = {}) {
    const { context, page, complaints } = await visit(browser, server.url, look);
    context.setDefaultTimeout(10_000);
    const authenticator = look.javaScriptEnabled === false ? undefined : await addAuthenticator(page);
    const email = `newcomer${++count}@example.com`;
    await page.goto("/sign-up");
    await page.locator("#email").fill(email);
    await page.locator("#password").fill(PASSWORD);
    await press(page, "Create account");
    await page.waitForURL("**/verify-email*");
    await page.locator("#code").fill(codeIn(await server.mail(email)));
    await press(page, "Verify the code");
    await page.waitForURL("**/sign-in/set-up");
    return { context, page, complaints, authenticator, email };
  }

  for (const look of LOOKS) {
    it(`is a passkey, which is the second step from then on: ${look.name}`, async () => {
      const { context, page, complaints, authenticator, email } = await newcomer(look);
      await page.getByRole("button", { name: "Create a passkey" }).waitFor();
      await assertGood(page, "set-up");
      await picture(page, `set-up-on-the-way-in-${look.name}`);
      await authenticator.verifies(false);
      await press(page, "Create a passkey");
      await page.getByText("That was cancelled, or took too long.").waitFor();
      await assertGood(page, "cancelled");
      await picture(page, `set-up-on-the-way-in-cancelled-${look.name}`);
      await authenticator.verifies(true);
      await press(page, "Create a passkey");
      await page.getByRole("heading", { name: "Keep your backup codes" }).waitFor();
      assert.equal((await authenticator.credentials()).length, 1);
      assert.match((await server.mail(email, "passkey")).subject, /A passkey was added/);
      await page.getByRole("link", { name: "I have kept them" }).click();
      await page.waitForURL("**/account");

      await page.goto("/account/two-factor");
      await page.getByText("this stays on until you set up another one").waitFor();
      await assertGood(page, "two-factor");
      await picture(page, `set-up-on-the-way-in-kept-${look.name}`);
      await authenticator.present(false);
      await press(page, "Sign out");
      await page.waitForURL("**/sign-in*");
      await page.locator("#identifier").fill(email);
      await page.locator("#password").fill(PASSWORD);
      await press(page, "Sign in");
      await page.waitForURL("**/sign-in/mfa");
      await page.getByRole("button", { name: "Use a passkey" }).waitFor();
      await assertGood(page, "second step");
      await page.getByLabel("Don't ask on this device").check();
      await picture(page, `second-step-passkey-${look.name}`);
      await authenticator.present(true);
      await press(page, "Use a passkey");
      await page.waitForURL("**/account");
      await authenticator.present(false);
      await press(page, "Sign out");
      await page.waitForURL("**/sign-in*");
      await page.locator("#identifier").fill(email);
      await page.locator("#password").fill(PASSWORD);
      await press(page, "Sign in");
      // This device is not asked again.
      await page.waitForURL("**/account");
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  it("is an app where there is no script, and where a browser knows no passkeys", async () => {
    const bare = await newcomer({ javaScriptEnabled: false });
    assert.equal(await bare.page.getByRole("button", { name: "Create a passkey" }).count(), 0);
    assert.match(await bare.page.content(), /<noscript>.*needs scripts, which are off here/);
    await picture(bare.page, "set-up-on-the-way-in-without-script");
    const secret = await bare.page.locator(".secret").textContent();
    await bare.page.locator("#code").fill(totp(secret.replaceAll(" ", "")));
    await press(bare.page, "Turn it on and go on");
    await bare.page.getByRole("heading", { name: "Keep your backup codes" }).waitFor();
    await bare.context.close();

    const old = await newcomer();
    await old.context.addInitScript(() => delete globalThis.PublicKeyCredential);
    await old.page.reload();
    assert.equal(await old.page.getByRole("button", { name: "Create a passkey" }).count(), 0);
    assert.equal(await old.page.getByText("or an authenticator app").isVisible(), false);
    assert.deepEqual(old.complaints, []);
    await old.context.close();
  });
});
