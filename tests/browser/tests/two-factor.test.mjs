// An authenticator app on the pages: set up, asked for, lost.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";

import { LOOKS, assertGood, launch, picture, visit } from "../support/browser.mjs";
import { codeIn, startServer } from "../support/server.mjs";

const PASSWORD = "correct horse battery staple";
const PHONE = { name: "light-390", colorScheme: "light", viewport: { width: 390, height: 844 } };
let count = 0;

/** What an authenticator app shows for a secret, so many steps from now (RFC 6238). */
function code(secret, steps = 0) {
  const bits = [...secret.replaceAll(" ", "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0"));
  const key = Buffer.from(bits.join("").match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const tag = createHmac("sha1", key).update(counter).digest();
  return String((tag.readUInt32BE(tag[19] & 15) & 0x7fff_ffff) % 1_000_000).padStart(6, "0");
}

describe("a second factor", () => {
  let server, browser;

  before(async () => {
    [server, browser] = await Promise.all([startServer({ DOORWARD_RATE_LIMIT__ENABLED: "false" }), launch()]);
  });

  after(() => Promise.all([browser?.close(), server?.stop()]));

  for (const look of [...LOOKS, PHONE]) {
    it(`is set up, asked for and said to be lost: ${look.name}`, async () => {
      const email = `two${++count}@example.com`;
      const { context, page, complaints } = await visit(browser, server.url, look);
      const good = async (name) => {
        await assertGood(page, name);
        await picture(page, `two-factor-${name}-${look.name}`);
      };
      await page.goto("/sign-up");
      await page.locator("#email").fill(email);
      await page.locator("#password").fill(PASSWORD);
      await page.getByRole("button", { name: "Create account" }).click();
      await page.locator("#code").fill(codeIn(await server.mail(email)));
      await page.getByRole("button", { name: "Verify the code" }).click();
      await page.waitForURL("**/account");

      await page.goto("/account/two-factor");
      await good("off");
      await page.getByRole("link", { name: "Set up an authenticator app" }).click();
      await page.getByText("Can't scan it?").click();
      await good("set-up");
      const secret = await page.locator(".secret").textContent();
      await page.locator("#code").fill("000000");
      await page.getByRole("button", { name: "Turn it on" }).click();
      await page.locator("#code[aria-invalid]").waitFor();
      await good("wrong");
      await page.locator("#code").fill(code(secret));
      await page.getByRole("button", { name: "Turn it on" }).click();
      await page.getByRole("heading", { name: "Keep your backup codes" }).waitFor();
      await good("codes");
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download" }).click()]);
      assert.equal(download.suggestedFilename(), "doorward-backup-codes.txt");
      const codes = await page.locator(".codes code").allTextContents();
      const [backup] = codes;
      const kept = await readFile(await download.path(), "utf8");
      assert.ok(codes.length === 10 && codes.every((one) => kept.includes(one)), kept);
      await page.evaluate(() => (globalThis.print = () => (globalThis.printed = (globalThis.printed ?? 0) + 1)));
      await page.getByRole("button", { name: "Print" }).click();
      assert.equal(await page.evaluate(() => globalThis.printed), 1);
      await page.emulateMedia({ media: "print" });
      assert.deepEqual(await page.locator("button:visible, a.button:visible").allTextContents(), [], "nothing to press on paper");
      assert.ok(await page.locator(".codes code").last().isVisible());
      await page.emulateMedia({ media: null });
      await page.getByRole("link", { name: "I have kept them" }).click();
      await page.getByText("Your authenticator app is set up.").waitFor();
      await good("on");

      const elsewhere = await context.storageState();
      await context.clearCookies();
      const first = async () => {
        await page.goto("/sign-in");
        await page.locator("#identifier").fill(email);
        await page.locator("#password").fill(PASSWORD);
        await page.getByRole("button", { name: "Sign in", exact: true }).click();
        await page.waitForURL("**/sign-in/mfa");
      };
      const lose = async (looks) => {
        await first();
        await looks("second-step");
        await page.getByRole("link", { name: "Lost your second factor?" }).click();
        await looks("lost");
        await page.getByRole("button", { name: "I have lost it" }).click();
        await page.getByRole("heading", { name: "The wait has begun" }).waitFor();
        await looks("waiting");
      };
      const unseen = async () => {};
      await lose(good);
      const mail = await server.mail(email, "lost your second factor");
      await page.goto(mail.text.match(/https?:\S+\/recovery\/cancel\?token=\S+/)[0]);
      await good("cancel");
      await page.locator("main form button[type=submit]").click();
      await page.getByText("The recovery is cancelled.").waitFor();
      await good("cancelled");

      await lose(unseen);
      const owner = await visit(browser, server.url, { ...look, storageState: elsewhere });
      await owner.page.goto("/account");
      await owner.page.getByRole("heading", { name: "Somebody says that you lost your second factor" }).waitFor();
      await assertGood(owner.page, "banner");
      await picture(owner.page, `two-factor-banner-${look.name}`);
      await owner.page.getByRole("button", { name: "Keep my second factor" }).click();
      await owner.page.getByText("The recovery is cancelled.").waitFor();
      assert.deepEqual(owner.complaints, []);
      await owner.context.close();

      await lose(unseen);
      await first();
      await page.getByRole("link", { name: "Use a backup code" }).click();
      await good("backup-code");
      await page.locator("#code").fill(backup.toLowerCase());
      await page.getByRole("button", { name: "Go on" }).click();
      await page.waitForURL("**/account");
      await page.goto("/account/two-factor");
      assert.equal(await page.getByText("Somebody says that you lost").count(), 0, "signing in has cancelled it");
      await page.getByText("9 of 10 are left").waitFor();
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }
});
