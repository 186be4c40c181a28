// Signing in by mail: in the browser that asked, and with the mail opened on another device.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { LOOKS, assertGood, launch, picture, visit } from "../support/browser.mjs";
import { codeIn, linkIn, startServer } from "../support/server.mjs";

const PASSWORD = "correct horse battery staple";
const PHONE = { name: "light-390", colorScheme: "light", viewport: { width: 390, height: 844 } };
let count = 0;

describe("sign-in by mail", () => {
  let server, browser;

  before(async () => {
    [server, browser] = await Promise.all([startServer({ DOORWARD_RATE_LIMIT__ENABLED: "false" }), launch()]);
  });

  after(() => Promise.all([browser?.close(), server?.stop()]));

  /** Somebody with an account, who is not signed in. */
  async function member() {
    const email = `mail${++count}@example.com`;
    const { context, page } = await visit(browser, server.url);
    await page.goto("/sign-up");
    await page.locator("#email").fill(email);
    await page.locator("#password").fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.locator("#code").fill(codeIn(await server.mail(email)));
    await page.getByRole("button", { name: "Verify the code" }).click();
    await page.waitForURL("**/account");
    await context.close();
    return email;
  }

  /** Asks for the mail by the second way on the sign-in page. */
  async function ask(page, email) {
    await page.goto("/sign-in?redirect_to=/account/sessions");
    await page.locator("#identifier").fill(email);
    await page.getByRole("button", { name: "Mail me a link and a code" }).click();
    await page.waitForURL("**/sign-in/email");
    return server.mail(email, "sign in to");
  }

  for (const look of [...LOOKS, PHONE]) {
    it(`by the code: ${look.name}`, async () => {
      const email = await member();
      const { context, page, complaints } = await visit(browser, server.url, look);
      await page.goto("/sign-in");
      await picture(page, `sign-in-${look.name}`);
      await page.getByRole("button", { name: "Mail me a link and a code" }).click();
      await page.locator("#email").waitFor();
      assert.equal(await page.locator("[aria-invalid]").count(), 0, "nobody has made a mistake yet");
      await page.locator("main form").first().evaluate((form) => (form.noValidate = true));
      await page.locator("main form button[type=submit]").first().click();
      await page.getByText("Enter your e-mail address.").waitFor();
      await assertGood(page, "ask for a mail, with a mistake");
      await page.goto("/sign-in/email");
      await assertGood(page, "ask for a mail");
      await picture(page, `email-sign-in-${look.name}`);

      const mail = await ask(page, email);
      await assertGood(page, "type the code");
      await picture(page, `email-code-${look.name}`);
      await page.locator("#code").fill("000");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("That code is wrong or has run out").first().waitFor();
      await assertGood(page, "type the code, with a mistake");
      await page.locator("#code").fill(codeIn(mail));
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.waitForURL("**/account/sessions");
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it(`the mail is opened elsewhere: ${look.name}`, async () => {
      const email = await member();
      const [asking, other] = [await visit(browser, server.url), await visit(browser, server.url, look)];
      const mail = await ask(asking.page, email);

      await other.page.goto(linkIn(mail));
      await other.page.getByRole("heading", { name: "Was this you?" }).waitFor();
      await other.page.getByText(/ on Linux$/).first().waitFor({ timeout: 5000 });
      await assertGood(other.page, "was this you");
      await picture(other.page, `sign-in-link-elsewhere-${look.name}`);
      await other.page.getByRole("button", { name: "Yes, show me a code" }).click();
      await other.page.getByText("Give it to nobody.").waitFor();
      await assertGood(other.page, "the code");
      await picture(other.page, `shown-code-${look.name}`);
      const code = await other.page.locator(".shown-code").innerText();
      await other.page.goto("/account");
      await other.page.waitForURL("**/sign-in*");

      await asking.page.locator("#code").fill(code);
      await asking.page.getByRole("button", { name: "Sign in" }).click();
      await asking.page.waitForURL("**/account/sessions");
      assert.deepEqual([...asking.complaints, ...other.complaints], []);
      await Promise.all([asking.context.close(), other.context.close()]);
    });
  }

  for (const javaScriptEnabled of [true, false]) {
    it(`by the link, ${javaScriptEnabled ? "with" : "without"} script`, async () => {
      const email = await member();
      const { context, page } = await visit(browser, server.url, { javaScriptEnabled });
      const mail = await ask(page, email);
      await page.goto(linkIn(mail));
      if (javaScriptEnabled) await assertGood(page, "the link");
      await picture(page, "sign-in-link");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.waitForURL("**/account/sessions");
      await context.close();
    });
  }
});
