// What a person does, from the first start to signing out everywhere, with script and without.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { LOOKS, assertGood, launch, picture, visit } from "../support/browser.mjs";
import { startServer } from "../support/server.mjs";

const PASSWORD = "correct horse battery staple";
let count = 0;
const unique = (name) => `${name}${++count}@example.com`;

describe("the journey", () => {
  let server, browser;

  before(async () => {
    [server, browser] = await Promise.all([startServer({ DOORWARD_RATE_LIMIT__ENABLED: "false" }), launch()]);
  });

  after(() => Promise.all([browser?.close(), server?.stop()]));

  const submit = (page) => page.locator("main form button[type=submit], main form button:not([type])").first().click();
  const code = (mail) => mail.text.match(/^(\d{6})$/m)[1];
  const link = (mail) => mail.text.match(/https?:\/\/\S+token=\S+/)[0];

  async function signUp(page, email) {
    await page.goto("/sign-up");
    await page.locator("#email").fill(email);
    await page.locator("#password").fill(PASSWORD);
    await submit(page);
    await page.waitForURL("**/verify-email*");
  }

  async function member(page, email = unique("member")) {
    await signUp(page, email);
    await page.locator("#code").fill(code(await server.mail(email)));
    await submit(page);
    await page.waitForURL("**/account");
    return email;
  }

  async function signIn(page, email, password = PASSWORD) {
    await page.goto("/sign-in");
    await page.locator("#identifier").fill(email);
    await page.locator("#password").fill(password);
    await submit(page);
  }

  for (const script of [true, false]) {
    const how = script ? "with script" : "without script";

    it(`signs up by code, in every look, ${how}`, async () => {
      await Promise.all(LOOKS.map(async (look) => {
        const { context, page, complaints } = await visit(browser, server.url, { ...look, javaScriptEnabled: script });
        const email = unique("code");
        await signUp(page, email);
        if (script) await assertGood(page, "check mail");
        await page.locator("#code").fill("000");
        await submit(page);
        await page.getByText("That code is wrong or has run out").first().waitFor();
        await page.locator("#code").fill(code(await server.mail(email)));
        await submit(page);
        await page.waitForURL("**/account");
        await page.locator(".facts").getByText(email).waitFor();
        if (script) {
          await assertGood(page, "account");
          await picture(page, `account-${look.name}`);
          await page.goto("/account/password");
          await assertGood(page, "password");
          await page.goto("/account/activity");
          await page.getByText("Account created").waitFor();
          await assertGood(page, "activity");
          await picture(page, `activity-${look.name}`);
          await page.goto("/docs");
          await assertGood(page, "docs");
          await page.goto("/dev/mailbox");
          await assertGood(page, "mailbox");
        }
        const unexpected = complaints.filter((complaint) => !/status of 400/.test(complaint));
        assert.deepEqual(unexpected, []);
        await context.close();
      }));
    });

    it(`signs up by the link, here and elsewhere, ${how}`, async () => {
      const here = await visit(browser, server.url, { javaScriptEnabled: script });
      const first = unique("link");
      await signUp(here.page, first);
      await here.page.goto(link(await server.mail(first)));
      await submit(here.page);
      await here.page.waitForURL("**/account");

      const second = unique("elsewhere");
      await signUp((await visit(browser, server.url, { javaScriptEnabled: script })).page, second);
      const elsewhere = await visit(browser, server.url, { javaScriptEnabled: script });
      await elsewhere.page.goto(link(await server.mail(second)));
      await elsewhere.page.locator("#password").fill("a password chosen elsewhere");
      await submit(elsewhere.page);
      await elsewhere.page.waitForURL("**/account");
      await Promise.all([here.context.close(), elsewhere.context.close()]);
    });

    it(`stays signed in after the browser was closed, and renews while a page answers, ${how}`, async () => {
      const { context, page } = await visit(browser, server.url, { javaScriptEnabled: script });
      const email = await member(page);
      const state = await context.storageState();
      await context.close();

      // The access token has run out by then, so its cookie is gone.
      state.cookies = state.cookies.filter((cookie) => !cookie.name.endsWith("_access"));
      const again = await visit(browser, server.url, { javaScriptEnabled: script, storageState: state });
      await again.page.goto("/account");
      await again.page.locator(".facts").getByText(email).waitFor();
      await again.page.locator("#given_name").fill("Grace");
      await again.context.clearCookies({ name: /_access$/ });
      await again.page.getByRole("button", { name: "Save the profile" }).click();
      await again.page.getByText("Your profile is saved.").waitFor();
      assert.equal(await again.page.locator("#given_name").inputValue(), "Grace");
      await again.context.close();
    });

    it(`changes the password, signs out, and resets a forgotten one by link and by code, ${how}`, async () => {
      const { context, page } = await visit(browser, server.url, { javaScriptEnabled: script });
      const email = await member(page);
      await page.goto("/account/password");
      await page.locator("#current_password").fill(PASSWORD);
      await page.locator("#new_password").fill("the second password of this");
      await page.getByRole("button", { name: "Change the password" }).click();
      await page.getByText("Your password is changed").waitFor();
      await page.getByRole("button", { name: "Sign out", exact: true }).first().click();
      await page.getByText("You are signed out.").waitFor();

      await signIn(page, email);
      await page.getByRole("alert").waitFor();
      assert.equal(await page.locator("#identifier").inputValue(), email);

      await page.goto("/forgot-password");
      await page.locator("#email").fill(email);
      await submit(page);
      await page.locator("#code").waitFor();
      const mail = await server.mail(email, "set a new");
      await page.goto(link(mail));
      await page.locator("#new_password").fill("the third password of this");
      await submit(page);
      await page.waitForURL("**/reset-password");
      await signIn(page, email, "the third password of this");
      await page.waitForURL("**/account");

      const other = await visit(browser, server.url, { javaScriptEnabled: script });
      await other.page.goto("/forgot-password");
      await other.page.locator("#email").fill(email);
      await submit(other.page);
      await other.page.locator("#code").waitFor();
      // The newest of them.
      await other.page.locator("#code").fill(code(await server.mail(email, "set a new")));
      await other.page.locator("#new_password").fill("the fourth password of this");
      await submit(other.page);
      await other.page.getByRole("link", { name: /sign in/i }).first().waitFor();
      await page.goto("/account");
      await page.waitForURL("**/sign-in*");
      await Promise.all([context.close(), other.context.close()]);
    });

    it(`signs out everywhere, ${how}`, async () => {
      const { context, page } = await visit(browser, server.url, { javaScriptEnabled: script });
      const email = await member(page);
      const other = await visit(browser, server.url, { javaScriptEnabled: script });
      await signIn(other.page, email);
      await other.page.waitForURL("**/account");

      await other.page.goto("/account/sessions");
      await other.page.locator(".danger summary").click();
      await other.page.getByRole("button", { name: "Yes, sign out everywhere" }).click();
      await other.page.waitForURL("**/sign-in*");

      await page.goto("/account");
      await page.waitForURL("**/sign-in*");
      await Promise.all([context.close(), other.context.close()]);
    });
  }

  it("makes the first administrator by the link that the first start prints", async () => {
    const fresh = await startServer();
    try {
      const { context, page } = await visit(browser, fresh.url, {});
      await page.goto((await fresh.log()).match(/https?:\/\/\S+first-admin\S+/)[0]);
      await assertGood(page, "first admin");
      await page.locator("#email").fill("admin@example.com");
      await page.locator("#password").fill(PASSWORD);
      await submit(page);
      await page.waitForURL("**/account");
      await page.getByText("admin", { exact: true }).waitFor();
      await context.close();
    } finally {
      await fresh.stop();
    }
  });

  it("shows a password when asked to, and says how strong a new one is", async () => {
    const { context, page } = await visit(browser, server.url, {});
    await page.goto("/sign-up");
    const password = page.locator("#password");
    await password.fill("abc");
    await page.getByRole("button", { name: /show/i }).click();
    assert.equal(await page.locator("#password").getAttribute("type"), "text");
    await page.locator("[aria-live=polite]").filter({ hasText: /\S/ }).first().waitFor();
    await context.close();
  });
});
