// The README's sign-in form in a browser: every way on from the password, and none that it takes for another.

import assert from "node:assert/strict";
import { addAuthenticator } from "../../../tests/browser/support/authenticator.mjs";
import { launch, visit } from "../../../tests/browser/support/browser.mjs";
import { codeIn } from "../../../tests/browser/support/server.mjs";
import { totp } from "../../../tests/browser/support/totp.mjs";

const PASSWORD = "correct horse battery staple";

/** `mail` answers the newest mail to an address, `grant` makes its account an administrator's, who needs a second factor. */
export async function everySignIn({ url, mail, grant }) {
  const browser = await launch();

  /** Somebody who has signed up, and prepared what they sign in with, at the form with the password sent. */
  async function atTheForm(email, prepare) {
    const { context, page, complaints } = await visit(browser, url);
    const post = async (path, data) => {
      const answer = await context.request.post(`/api/auth/v1${path}`, { data, headers: { "sec-fetch-site": "same-origin" } });
      assert.ok(answer.ok(), `${path}: ${answer.status()}`);
      return answer.status() === 204 ? undefined : answer.json();
    };
    await post("/sign-up", { email, password: PASSWORD });
    await post("/email/verify", { email, code: codeIn(await mail(email)) });
    await page.goto("/dashboard");
    const prepared = await prepare({ page, post });
    await context.clearCookies();
    await page.goto("/sign-in");
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    return { context, page, complaints, prepared };
  }

  async function isIn({ context, page, complaints }) {
    await page.waitForURL("**/dashboard");
    await page.getByRole("heading", { name: "Hello" }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  }

  try {
    const app = await atTheForm("app@example.com", async ({ post }) => {
      const { secret } = await post("/me/totp", {});
      // Of half a minute ago: each code is good once.
      await post("/me/totp/confirm", { code: totp(secret, -1) });
      return secret;
    });
    await app.page.getByLabel("The code from your app").fill(totp(app.prepared));
    await app.page.getByRole("button", { name: "Verify" }).click();
    await isIn(app);

    const passkey = await atTheForm("passkey@example.com", async ({ page, post }) => {
      await addAuthenticator(page);
      const { passkey_token, options } = await post("/me/passkeys/start", {});
      const credential = await page.evaluate(async (options) => {
        const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
        return (await navigator.credentials.create({ publicKey })).toJSON();
      }, options);
      await post("/me/passkeys/finish", { passkey_token, credential });
    });
    await isIn(passkey);

    const admin = await atTheForm("admin@example.com", () => grant("admin@example.com"));
    await admin.page.getByText("Your account needs a second factor, and has none yet.").waitFor();
    assert.equal(await admin.page.getByLabel(/code/i).count(), 0, "no code is asked for that nobody has");
    await admin.context.close();
  } finally {
    await browser.close();
  }
}
