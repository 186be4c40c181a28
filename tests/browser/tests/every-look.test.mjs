// Pages on the way and forms with mistakes: readable by everyone, at every width.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";

import { LOOKS, assertGood, launch, picture, visit } from "../support/browser.mjs";
import { codeIn, linkIn, startServer } from "../support/server.mjs";

const PASSWORD = "correct horse battery staple";
const COMMON = "password1234";
let count = 0;
const unique = (name) => `${name}${++count}@example.com`;

/** Every code that the product answers with. */
async function codes() {
  const source = await readFile(new URL("../../../crates/core/src/error.rs", import.meta.url), "utf8");
  return [...source.matchAll(/^ {4}\w+, "(\w+)", \w+, "/gm)].map(([, code]) => code);
}

describe("every look", () => {
  let server, browser;

  before(async () => {
    [server, browser] = await Promise.all([startServer({ DOORWARD_RATE_LIMIT__ENABLED: "false" }), launch()]);
  });

  after(() => Promise.all([browser?.close(), server?.stop()]));

  const submit = (page) => page.locator("main form button[type=submit]").first().click();

  /** Sends the form as it stands: what the browser would not let through is the server's to refuse. */
  async function submitUnchecked(page) {
    await page.locator("main form").first().evaluate((form) => (form.noValidate = true));
    await submit(page);
  }

  async function signUp(page, email) {
    await page.goto("/sign-up");
    await page.locator("#email").fill(email);
    await page.locator("#password").fill(PASSWORD);
    await submit(page);
    await page.waitForURL("**/verify-email*");
  }

  async function member(page, email) {
    await signUp(page, email);
    await page.locator("#code").fill(codeIn(await server.mail(email)));
    await submit(page);
    await page.waitForURL("**/account");
  }

  /** Does it in every look at once, and expects no complaint of the browser. */
  async function inEveryLook(act, at = server) {
    await Promise.all(
      LOOKS.map(async (look) => {
        const { context, page, complaints } = await visit(browser, at.url, look);
        const good = async (name) => {
          await assertGood(page, `${name}: ${look.name}`);
          await picture(page, `${name.replaceAll(" ", "-")}-${look.name}`);
        };
        await act(page, good, look);
        assert.deepEqual(complaints, []);
        await context.close();
      }),
    );
  }

  it("the link of a sign-up, here and in another browser, with a mistake too", () =>
    inEveryLook(async (page, good, look) => {
      const here = unique("here");
      await signUp(page, here);
      await page.goto(linkIn(await server.mail(here)));
      await page.getByText("is yours here").waitFor();
      await good("verify here");

      const there = unique("there");
      const other = await visit(browser, server.url, look);
      await signUp(other.page, there);
      await other.context.close();
      await page.context().clearCookies();
      await page.goto(linkIn(await server.mail(there)));
      await page.getByText("was begun in another browser").waitFor();
      await good("verify elsewhere");
      await page.locator("#password").fill(COMMON);
      await submitUnchecked(page);
      await page.locator("#password-error").waitFor();
      await good("verify elsewhere with a mistake");
    }));

  it("the link of an address that is verified later", async () => {
    const later = await startServer({ DOORWARD_RATE_LIMIT__ENABLED: "false", DOORWARD_SIGN_UP__VERIFY_EMAIL: "later" });
    try {
      await inEveryLook(async (page, good) => {
        const email = unique("later");
        await page.goto("/sign-up");
        await page.locator("#email").fill(email);
        await page.locator("#password").fill(PASSWORD);
        await submit(page);
        await page.waitForURL("**/account");
        await page.goto(linkIn(await later.mail(email)));
        await page.getByText("is your address").waitFor();
        await good("verify later");
        await submit(page);
        await page.getByRole("heading", { name: "Your address is verified" }).waitFor();
        await good("verified");
      }, later);
    } finally {
      await later.stop();
    }
  });

  it("a forgotten password, from the mail that was sent to the new one", () =>
    inEveryLook(async (page, good) => {
      const email = unique("forgot");
      await member(page, email);
      await page.context().clearCookies();
      await page.goto("/forgot-password");
      await page.locator("#email").fill("nobody");
      await submitUnchecked(page);
      await page.locator("#email-error").waitFor();
      await good("forgot with a mistake");
      await page.locator("#email").fill(email);
      await submit(page);
      await page.locator("#code").waitFor();
      await good("forgot sent");
      await page.locator("#code").fill("000");
      await page.locator("#new_password").fill("nine copper kettles sing");
      await submitUnchecked(page);
      await page.locator("#code-error").waitFor();
      await good("forgot sent with a mistake");

      const link = linkIn(await server.mail(email, "set a new"));
      await page.goto(link);
      await good("reset");
      await page.locator("#new_password").fill(COMMON);
      await submitUnchecked(page);
      await page.locator("#new_password-error").waitFor();
      await good("reset with a mistake");
      await page.locator("#new_password").fill("nine copper kettles sing");
      await submit(page);
      await page.getByText("The new password is set.").waitFor();
      await good("reset done");

      const used = await page.goto(link);
      assert.equal(used.status(), 400);
      await good("a link that was used");
    }));

  it("forms with mistakes", () =>
    inEveryLook(async (page, good) => {
      await page.goto("/sign-up");
      await page.locator("#email").fill("nobody");
      await page.locator("#password").fill("short");
      await submitUnchecked(page);
      await page.locator("#email-error").waitFor();
      await page.locator("#password-error").waitFor();
      await good("sign-up with mistakes");

      const email = unique("mistakes");
      await member(page, email);
      await page.goto("/account/password");
      await page.locator("#current_password").fill("not the right one");
      await page.locator("#new_password").fill(COMMON);
      await submitUnchecked(page);
      await page.locator(".error, [role=alert]").first().waitFor();
      await good("password with a mistake");

      await page.context().clearCookies();
      await page.goto("/sign-in");
      await page.locator("#identifier").fill(email);
      await page.locator("#password").fill("not the right one");
      await submit(page);
      await page.getByRole("alert").waitFor();
      await good("sign-in with a mistake");
    }));

  it("what is not there, a problem's page, and one mail in the mailbox", () =>
    inEveryLook(async (page, good) => {
      assert.equal((await page.goto("/nothing/here")).status(), 404);
      await good("not found");
      assert.equal((await page.goto("/docs/problems/reauthentication_required")).status(), 200);
      await good("problem");

      const email = unique("a-rather-long-name-for-a-narrow-screen");
      await signUp(page, email);
      await server.mail(email);
      await page.goto(`/dev/mailbox?to=${email}`);
      await page.locator(".mail-text").waitFor();
      await good("mail");
    }));

  it("the explanation of every problem, on the narrowest screen", async () => {
    const all = await codes();
    assert.ok(all.includes("not_authenticated") && all.length > 25, `${all.length} codes`);
    const { context, page } = await visit(browser, server.url, LOOKS[0]);
    for (const code of all) {
      assert.equal((await page.goto(`/docs/problems/${code}`)).status(), 200, code);
      await assertGood(page, code);
    }
    await context.close();
  });

  it("a mail may be asked for again after a minute, which is counted down", async () => {
    const { context, page } = await visit(browser, server.url);
    await page.clock.install();
    await page.goto("/forgot-password");
    await page.locator("#email").fill(unique("again"));
    await submit(page);
    const again = page.locator("form.resend button");
    await again.waitFor();
    assert.ok(await again.isDisabled());
    assert.match(await again.textContent(), /^Send it again in (60|59) s$/);
    assert.equal(await page.locator(".wait").count(), 0, "said once");
    await page.clock.runFor(30_000);
    assert.ok(await again.isDisabled());
    assert.match(await again.textContent(), /^Send it again in (30|29) s$/);
    await page.clock.runFor(31_000);
    assert.equal(await again.textContent(), "Send it again");
    await again.click();
    await page.getByText("the mail is sent again").waitFor();
    assert.ok(await again.isDisabled(), "and counted down once more");
    await context.close();
  });

  it("without script the wait is written, and the button works", async () => {
    const { context, page } = await visit(browser, server.url, { javaScriptEnabled: false });
    await page.goto("/forgot-password");
    await page.locator("#email").fill(unique("plain"));
    await submit(page);
    await page.getByText("You can ask again after 60 s.").waitFor();
    await page.locator("form.resend button").click();
    await page.getByText("the mail is sent again").waitFor();
    await context.close();
  });
});
