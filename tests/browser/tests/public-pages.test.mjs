// Every page that a stranger can open: readable by everyone, at every width, and without script.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { LOOKS, assertGood, launch, picture, visit } from "../support/browser.mjs";
import { startServer } from "../support/server.mjs";

const PAGES = ["/sign-in", "/sign-up", "/forgot-password", "/dev/mailbox"];

describe("public pages", () => {
  let server, browser;

  before(async () => {
    [server, browser] = await Promise.all([startServer(), launch()]);
  });

  after(() => Promise.all([browser?.close(), server?.stop()]));

  for (const look of LOOKS) {
    for (const path of PAGES) {
      it(`${path} is accessible: ${look.name}`, async () => {
        const { context, page, complaints } = await visit(browser, server.url, look);
        const answer = await page.goto(path);
        assert.equal(answer.status(), 200);
        assert.match(await page.title(), /\S/);
        await assertGood(page, path);
        await picture(page, `${path.slice(1).replaceAll("/", "-")}-${look.name}`);
        assert.deepEqual(complaints, []);
        await context.close();
      });
    }
  }

  for (const path of ["/sign-in", "/sign-up", "/forgot-password"]) {
    it(`${path} can be used without script`, async () => {
      const { context, page } = await visit(browser, server.url, { javaScriptEnabled: false });
      await page.goto(path);
      const form = page.locator("form[method=post]").first();
      assert.ok(await form.locator("input:visible").count(), "a visible field");
      assert.ok(await form.locator("button[type=submit]:visible, button:not([type]):visible").count(), "a button");
      await context.close();
    });
  }
});
