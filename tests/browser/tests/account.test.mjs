// What a person does with their account: sessions, devices, another address, "this was not me", the end. With and without
// script, and the puzzle that keeps guessers off.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { LOOKS, assertGood, launch, picture, visit } from "../support/browser.mjs";
import { startServer } from "../support/server.mjs";

const PASSWORD = "correct horse battery staple";
let count = 0;
const unique = (name) => `${name}${++count}@example.com`;

describe("the account", () => {
  let server, browser;

  before(async () => {
    [server, browser] = await Promise.all([startServer({ DOORWARD_RATE_LIMIT__ENABLED: "false" }), launch()]);
  });

  after(() => Promise.all([browser?.close(), server?.stop()]));

  const press = (page, name) => page.getByRole("button", { name, exact: true }).first().click();
  const link = (mail) => mail.text.match(/https?:\/\/\S+token=\S+/)[0];
  const code = (mail) => mail.text.match(/^(\d{6})$/m)[1];

  async function member(page) {
    const email = unique("account");
    await page.goto("/sign-up");
    await page.locator("#email").fill(email);
    await page.locator("#password").fill(PASSWORD);
    await press(page, "Create account");
    await page.waitForURL("**/verify-email*");
    await page.locator("#code").fill(code(await server.mail(email)));
    await press(page, "Verify the code");
    await page.waitForURL("**/account");
    return email;
  }

  async function signIn(page, email, password = PASSWORD) {
    await page.goto("/sign-in");
    await page.locator("#identifier").fill(email);
    await page.locator("#password").fill(password);
    await press(page, "Sign in");
  }

  it("looks good on every page, in every look", async () => {
    await Promise.all(LOOKS.map(async (look) => {
      const { context, page } = await visit(browser, server.url, look);
      const other = await visit(browser, server.url, { javaScriptEnabled: true });
      const email = await member(page);
      await signIn(other.page, email);
      await other.page.waitForURL("**/account");
      const pages = ["sessions", "email", "data", "delete"].map((name) => [name, `/account/${name}`]);
      for (const [name, path] of [...pages, ["reauthenticate", "/reauthenticate"]]) {
        await page.goto(path);
        await assertGood(page, name);
        await picture(page, `${name}-${look.name}`);
      }
      await page.goto(link(await server.mail(email, "New sign-in")));
      await assertGood(page, "not me");
      await picture(page, `not-me-${look.name}`);
      await context.close();
      await other.context.close();
    }));
  });

  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? "with script" : "without script";

    it(`sees its sessions, names its device and signs the others out, ${how}`, async () => {
      const { context, page } = await visit(browser, server.url, { javaScriptEnabled });
      const other = await visit(browser, server.url, { javaScriptEnabled });
      const email = await member(page);
      await signIn(other.page, email);
      await other.page.waitForURL("**/account");
      await page.goto("/account/sessions");
      assert.equal(await page.locator("section").first().locator(".item").count(), 2);

      const mine = page.locator(".item", { hasText: "This device" }).last();
      await mine.getByText("Rename").click();
      await mine.getByLabel("Name of this device").fill("Ada's laptop");
      await mine.getByRole("button", { name: "Save the name" }).click();
      await page.getByText("The device has a new name.").waitFor();
      await page.getByText("Ada's laptop").first().waitFor();

      await press(page, "Sign out everywhere else");
      await page.getByText("You are signed out everywhere else.").waitFor();
      await page.getByText("You are signed in nowhere else.").waitFor();
      await other.page.goto("/account");
      await other.page.waitForURL("**/sign-in*");
      await context.close();
      await other.context.close();
    });

    it(`gets another address, and the old one takes it back, ${how}`, async () => {
      const { context, page } = await visit(browser, server.url, { javaScriptEnabled });
      const email = await member(page);
      const next = unique("next");
      await page.goto("/account/email");
      await page.locator("#new_email").fill(next);
      await press(page, "Send the mail");
      await page.waitForURL("**/account/email/verify");
      await page.goto(link(await server.mail(next)));
      await press(page, "Confirm this address");
      await page.getByText("Your e-mail address is changed.").waitFor();

      const owner = await visit(browser, server.url, { javaScriptEnabled });
      await owner.page.goto(link(await server.mail(email, "was changed")));
      await press(owner.page, "Take it back");
      await owner.page.getByText("Everybody is signed out").waitFor();
      await page.goto("/account");
      await page.waitForURL("**/sign-in*");
      await owner.page.goto(link(await server.mail(email, "new password")));
      await owner.page.locator("#new_password").fill("a wholly new long sentence");
      await owner.page.locator("main button[type=submit]").click();
      await signIn(owner.page, email, "a wholly new long sentence");
      await owner.page.waitForURL("**/account");
      await context.close();
      await owner.context.close();
    });

    it(`says by mail that a sign-in was not theirs, ${how}`, async () => {
      const { context, page } = await visit(browser, server.url, { javaScriptEnabled });
      const thief = await visit(browser, server.url, { javaScriptEnabled });
      const email = await member(page);
      await signIn(thief.page, email);
      await thief.page.waitForURL("**/account");

      await page.goto(link(await server.mail(email, "New sign-in")));
      await press(page, "Sign everybody out");
      await page.getByText("the old password no longer works").waitFor();

      await thief.page.goto("/account");
      await thief.page.waitForURL("**/sign-in*");
      await signIn(thief.page, email);
      await thief.page.getByText("do not match").waitFor();
      await server.mail(email, "new password");
      await context.close();
      await thief.context.close();
    });

    it(`closes the account and restores it, ${how}`, async () => {
      const { context, page } = await visit(browser, server.url, { javaScriptEnabled });
      const email = await member(page);
      await page.goto("/account/data");
      await page.getByRole("link", { name: "Delete my account…" }).click();
      await press(page, "Delete my account");
      await page.getByText("deleted for good").waitFor();
      await signIn(page, email);
      await page.getByText("This account is closed").waitFor();
      await page.goto(link(await server.mail(email, "is closed")));
      await press(page, "Restore the account");
      await page.getByText("Everything is as it was.").waitFor();
      await signIn(page, email);
      await page.waitForURL("**/account");
      await context.close();
    });
  }

  it("solves the puzzle after wrong passwords by itself, and says what to do without script", async () => {
    const { context, page } = await visit(browser, server.url, { javaScriptEnabled: true });
    const email = await member(page);
    const elsewhere = await visit(browser, server.url, { javaScriptEnabled: true });
    for (let wrong = 0; wrong < 3; wrong++) {
      await signIn(elsewhere.page, email, "not the right one");
      await elsewhere.page.getByText("do not match").waitFor();
    }
    const bare = await visit(browser, server.url, { javaScriptEnabled: false });
    await signIn(bare.page, email);
    await bare.page.getByText("There were many attempts").waitFor();
    await bare.page.getByText("Wait five minutes before the next try").waitFor();
    assert.equal(await bare.page.locator("#identifier").inputValue(), email);

    await signIn(elsewhere.page, email);
    await elsewhere.page.getByText("Enter your password once more").waitFor();
    await assertGood(elsewhere.page, "the puzzle");
    await elsewhere.page.locator("#password").fill(PASSWORD);
    await press(elsewhere.page, "Sign in");
    await elsewhere.page.waitForURL("**/account");
    await Promise.all([context, elsewhere.context, bare.context].map((one) => one.close()));
  });

  it("lets people sign up in a flood: by the puzzle, and without script after a wait", async () => {
    const flooded = await startServer({ DOORWARD_CHALLENGE__SIGN_UPS_ABOVE: "0" });
    try {
      const signUp = async (page) => {
        await page.goto("/sign-up");
        await page.locator("#email").fill(`flood${++count}@example.com`);
        await page.locator("#password").fill(PASSWORD);
        await press(page, "Create account");
      };
      const bare = await visit(browser, flooded.url, { javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
      await signUp(bare.page);
      await bare.page.getByText("Wait a minute before you press the button again").waitFor();
      assert.equal(await bare.page.getByText("set a new password by mail").count(), 0);
      await picture(bare.page, "sign-up-flood");
      const { context, page } = await visit(browser, flooded.url);
      await signUp(page);
      await page.getByText("Enter your password once more").waitFor();
      assert.ok(await page.getByText("Wait a minute").isHidden());
      await assertGood(page, "sign-up in a flood");
      await page.locator("#password").fill(PASSWORD);
      await press(page, "Create account");
      await page.waitForURL("**/verify-email");
      await Promise.all([context, bare.context].map((one) => one.close()));
    } finally {
      await flooded.stop();
    }
  });
});
