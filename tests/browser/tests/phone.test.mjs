// A phone number, with codes that arrive at a webhook, as an operator's own service takes them.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { LOOKS, assertGood, launch, picture, visit } from "../support/browser.mjs";
import { codeIn, startServer } from "../support/server.mjs";
import { startSms } from "../support/sms.mjs";

const PASSWORD = "correct horse battery staple";
const PHONE = { name: "light-390", colorScheme: "light", viewport: { width: 390, height: 844 } };
let count = 0;

describe("a phone number", () => {
  let server, browser, sms;

  before(async () => {
    sms = await startSms();
    [server, browser] = await Promise.all([startServer({ DOORWARD_RATE_LIMIT__ENABLED: "false", ...sms.settings }), launch()]);
  });

  after(async () => {
    await Promise.all([browser?.close(), server?.stop()]);
    sms?.stop();
  });

  for (const look of [...LOOKS, PHONE]) {
    it(`is added and removed: ${look.name}`, async () => {
      const [email, number] = [`phone${++count}@example.com`, `+43664123456${count}`];
      const { context, page, complaints } = await visit(browser, server.url, look);
      await page.goto("/sign-up");
      await page.locator("#email").fill(email);
      await page.locator("#password").fill(PASSWORD);
      await page.getByRole("button", { name: "Create account" }).click();
      await page.locator("#code").fill(codeIn(await server.mail(email)));
      await page.getByRole("button", { name: "Verify the code" }).click();
      await page.waitForURL("**/account");
      await assertGood(page, "account");
      await picture(page, `account-phone-${look.name}`);

      await page.getByRole("link", { name: "Add one" }).click();
      await page.locator("#phone_number").fill("0664 123");
      await page.getByRole("button", { name: "Send the code" }).click();
      await page.getByText("Enter the number with its country code").waitFor();
      await assertGood(page, "phone, with a mistake");
      await page.locator("#phone_number").fill(number);
      await page.getByRole("button", { name: "Send the code" }).click();
      await page.waitForURL("**/account/phone/verify");
      await assertGood(page, "the code");
      await picture(page, `phone-confirm-${look.name}`);
      await page.locator("#code").fill(await sms.codeTo(number));
      await page.getByRole("button", { name: "Verify the number" }).click();
      await page.getByRole("heading", { name: "Keep your backup codes" }).waitFor();
      await assertGood(page, "backup codes");
      await page.getByRole("link", { name: "I have kept them" }).click();
      await page.getByText("Your phone number is verified.").waitFor();
      await assertGood(page, "phone");
      await picture(page, `phone-${look.name}`);
      await page.goto("/account/two-factor");
      await page.getByText("10 of 10 are left").waitFor();
      await assertGood(page, "two-factor");
      await picture(page, `two-factor-phone-${look.name}`);

      await page.goto("/account");
      await page.getByRole("button", { name: "Sign out", exact: true }).first().click();
      await page.goto("/sign-in");
      await page.locator("#identifier").fill(email);
      await page.locator("#password").fill(PASSWORD);
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.waitForURL("**/sign-in/mfa");
      await assertGood(page, "second step");
      await picture(page, `second-step-sms-${look.name}`);
      await page.getByRole("button", { name: "Send a code to my phone" }).click();
      await page.locator("#code").fill(await sms.codeTo(number));
      await assertGood(page, "second step, the code");
      await page.getByRole("button", { name: "Go on" }).click();
      await page.waitForURL("**/account");

      await page.goto("/reauthenticate?redirect_to=/account/phone");
      await assertGood(page, "confirm who it is");
      await page.getByRole("button", { name: "Send a code to my phone" }).click();
      await page.getByText("Type the newest code").waitFor();
      await page.locator("#code").fill(await sms.codeTo(number));
      await assertGood(page, "confirm who it is, the code");
      await picture(page, `confirm-sms-${look.name}`);
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.waitForURL("**/account/phone");
      await page.getByText("Remove…").click();
      await page.getByText("your backup codes go as well").waitFor();
      await assertGood(page, "what goes with the number");
      await picture(page, `phone-remove-${look.name}`);
      await page.getByRole("button", { name: "Yes, remove it" }).click();
      await page.getByText("Your phone number is removed.").waitFor();
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  it("is in no log, and neither is a message", async () => {
    const log = await server.log();
    assert.doesNotMatch(log, /\+43664123456/);
    assert.doesNotMatch(log, /your code is/);
  });
});
