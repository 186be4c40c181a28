// What @doorward/next promises, in the example app and a real browser, in each way that the app is built.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { addAuthenticator } from "../support/authenticator.mjs";
import { LOOKS, assertGood, launch, picture, visit } from "../support/browser.mjs";
import { LANES, PACKAGE, startStand } from "../support/nextjs.mjs";
import { codeIn, linkIn } from "../support/server.mjs";
import { startSms } from "../support/sms.mjs";
import { totp } from "../support/totp.mjs";

const PASSWORD = "correct horse battery staple";
/** What a browser says of a request by a page of the same origin. */
const SAME = { "sec-fetch-site": "same-origin" };

/** What Next says where it does not like something. */
const COMPLAINT = /Error\b|encountered|Warning|Unhandled|⚠|⨯|deprecated/i;
/**
 * How long an answered action may take to be shown, in ms. The router's transition is never committed after one action in a hundred
 * or so on Next 15, whatever token it came with and long after hydration (vercel/next.js, issue 98303).
 */
const HANG = 8000;
/** Next closes a connection that lay idle for some seconds, and may do so at the moment that it is used again. */
const AGAIN = { maxRetries: 1 };
/** Where the same holds for all, it is looked at once. */
const FIRST = Object.keys(LANES)[0];

/** Whether something is to be seen in any frame of the second after an act. */
async function seenAfter(page, act, selector) {
  const seen = page.evaluate(
    ([act, selector]) =>
      new Promise((resolve) => {
        const until = performance.now() + 1000;
        const look = () => {
          if (document.querySelector(selector)?.checkVisibility()) resolve(true);
          else if (performance.now() > until) resolve(false);
          else requestAnimationFrame(look);
        };
        (0, eval)(`(${act})()`);
        requestAnimationFrame(look);
      }),
    [String(act), selector],
  );
  // A page that was left answers nothing more.
  return seen.catch(() => false);
}

/** What waits until it is opened. */
function gate() {
  let open;
  const passed = new Promise((resolve) => (open = resolve));
  return { open, passed };
}

/** Tries for some seconds. */
async function eventually(attempt) {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (tries === 8) throw error;
      await wait(250);
    }
  }
}

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

for (const lane of Object.keys(LANES).filter((name) => !process.env.LANE || name.includes(process.env.LANE))) {
  describe(lane, { concurrency: false }, () => {
    let stand;
    let sms;
    let people = 0;
    before(async () => {
      sms = await startSms();
      stand = await startStand(lane, { DOORWARD_MFA__REQUIRED_FOR: "admin", ...sms.settings });
    });
    after(async () => {
      await stand?.stop();
      sms?.stop();
    });

    const at = (path) => stand.url + stand.base + path;
    const open = (options) => visit(browser, stand.url, options);

    /** Somebody who has just signed up, in a browser of their own. */
    async function member(options) {
      const email = `person${++people}@example.com`;
      const visitor = await open(options);
      const post = (path, data) => visitor.context.request.post(at(`/api/auth${path}`), { data, headers: SAME });
      assert.equal((await post("/v1/sign-up", { email, password: PASSWORD })).status(), 202);
      const code = codeIn(await stand.server.mail(email));
      assert.equal((await post("/v1/email/verify", { email, code })).status(), 200);
      return { ...visitor, email, post };
    }

    /** The same with a second factor. */
    async function careful(options) {
      const visitor = await member(options);
      const { secret } = await (await visitor.post("/v1/me/totp")).json();
      const { backup_codes: codes } = await (await visitor.post("/v1/me/totp/confirm", { code: totp(secret) })).json();
      return { ...visitor, secret, codes };
    }

    /** A number of nobody's yet. */
    const freshNumber = () => `+43664${1_000_000 + people++}`;

    /** Somebody whose second factor is a phone number, which has got one SMS so far. */
    async function reachable(options) {
      const [visitor, number] = [await member(options), freshNumber()];
      assert.equal((await visitor.post("/v1/me/phone", { phone_number: number })).status(), 202);
      const code = await sms.codeTo(number);
      assert.equal((await visitor.post("/v1/me/phone/verify", { code })).status(), 200);
      return { ...visitor, number };
    }

    /** Asks for a mail on the way to a page, and waits for it. */
    async function askForMail(page, email, to = "/dashboard/settings?x=1") {
      await page.goto(at(to));
      await page.getByRole("link", { name: "Sign in by mail" }).click();
      await page.waitForURL(at(`/sign-in/email?redirect_to=${encodeURIComponent(to)}`));
      // By its role: the page before may be kept, out of sight.
      await page.getByRole("textbox", { name: "E-mail address", exact: true }).fill(email);
      await page.getByRole("button", { name: "Send me a mail" }).click();
      await page.getByText("a mail is on its way").waitFor();
      return stand.server.mail(email, "sign in to");
    }

    /** Types the first step of a sign-in. */
    async function beginAs(page, email, to = "/sign-in", password = PASSWORD) {
      await page.goto(at(to));
      await page.getByLabel("E-mail address or username").fill(email);
      await page.getByLabel("Password", { exact: true }).fill(password);
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
    }

    /** Signs the same person in on another device. */
    async function onAnotherDevice(email, password = PASSWORD) {
      const other = await open();
      await beginAs(other.page, email, "/sign-in", password);
      await other.page.waitForURL(at("/dashboard"));
      return other;
    }

    /** Where Doorward is asked on each visit, so that an ended session is out at once. */
    async function isOut({ page }) {
      await page.goto(at("/dashboard/settings"));
      await page.waitForURL(/\/sign-in\?/);
    }

    /** Opens the page that a mail leads to, and presses its button. */
    async function pressLinkOf(mail, page, to, label) {
      const link = linkIn(mail);
      assert.ok(link.startsWith(at(`${to}?token=`)), link);
      await page.goto(link);
      await page.getByRole("button", { name: label, exact: true }).click();
    }

    /** What is typed by hand where the picture can't be scanned. */
    async function secretOn(page) {
      await page.getByText("Type the secret").click();
      const shown = await page.locator(".secret").textContent();
      assert.match(shown, /^([A-Z2-7]{4} )+[A-Z2-7]{1,4}$/, "in groups");
      return shown.replaceAll(" ", "");
    }

    /** What the server says to a button's action. */
    async function answerTo(page, name) {
      const answer = page.waitForResponse((response) => response.request().method() === "POST");
      await page.getByRole("button", { name, exact: true }).click();
      return answer;
    }

    /** Waits for what a finished action changed; where React does not come to it (see HANG), the page is loaded anew. */
    async function shown(page, locator) {
      await locator.waitFor({ timeout: HANG }).catch(() => page.reload());
      await locator.waitFor();
    }

    /** With other settings of Doorward's, for as long as it takes; `undefined` takes one away. */
    async function withSettings(settings, act) {
      const { options } = stand.server;
      const { env } = options;
      const restart = async (other) => {
        await stand.server.end();
        options.env = other;
        await stand.server.begin();
      };
      await restart({ ...env, ...settings });
      try {
        await act();
      } finally {
        await restart(env);
      }
    }

    async function cookie(context, name) {
      return (await context.cookies()).find((one) => one.name === name)?.value;
    }
    /** As a browser does when the token has run out. */
    const lose = (context) => context.clearCookies({ name: "doorward_access" });
    /** A tab in which a page that had to be renewed is under way until it may arrive, and the tokens that it brings. */
    async function underWay(context) {
      const late = await context.newPage();
      const [held, release] = [gate(), gate()];
      await late.route(at("/dashboard"), async (route) => {
        const response = await route.fetch();
        held.open(response);
        await release.passed;
        await route.fulfill({ response });
      });
      await lose(context);
      const arrived = late.goto(at("/dashboard"));
      assert.equal((await held.passed).headersArray().filter(({ name }) => name === "set-cookie").length, 2, "renewed");
      const tokens = (await context.cookies()).filter(({ name }) => /_(access|refresh)$/.test(name));
      const arrive = () => {
        release.open();
        return arrived;
      };
      return { late, arrive, tokens };
    }
    const sessionOf = async (context) => (await context.request.get(at("/api/auth/v1/session"))).json();
    const path = (page) => page.url().slice(stand.url.length);

    it("a visitor is sent to sign in, and comes back signed in", async () => {
      const { email } = await member();
      const { context, page, complaints } = await open();
      await page.goto(at("/dashboard/settings?x=1"));
      assert.equal(path(page), `${stand.base}/sign-in?redirect_to=%2Fdashboard%2Fsettings%3Fx%3D1`);
      await page.getByLabel("E-mail address or username").fill(email);
      await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.waitForURL(at("/dashboard/settings?x=1"));
      await page.getByRole("heading", { name: "Where you are signed in" }).waitFor();
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("what is typed before the page's script has come is not lost", async () => {
      const { email, context: before } = await member();
      await before.close();
      const { context, page, complaints } = await open();
      const scripts = gate();
      await page.route(/\/_next\/static\/.*\.js/, async (route) => {
        await scripts.passed;
        await route.continue();
      });
      let loads = 0;
      page.on("request", (request) => request.isNavigationRequest() && loads++);
      await page.goto(at("/sign-in"), { waitUntil: "commit" });
      await page.getByLabel("E-mail address or username").fill(email);
      await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
      await page.getByLabel("Password", { exact: true }).press("Enter");
      const button = page.getByRole("button", { name: "Sign in", exact: true });
      await button.click({ force: true });
      assert.ok(await button.isDisabled(), "it waits");
      scripts.open();
      await button.click();
      await page.waitForURL(at("/dashboard"));
      assert.equal(loads, 1, "nothing was sent but by the script");
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("somebody signs up on the app's own pages, by the mail's code and by its link", async () => {
      const { context, page } = await open();
      await page.goto(at("/sign-up"));
      await page.getByLabel("E-mail address").fill("code@example.com");
      await page.getByLabel("Password", { exact: true }).fill("short");
      await page.getByRole("button", { name: "Create the account" }).click();
      await page.getByText("Use at least 8 characters.").waitFor();
      assert.equal(await page.getByLabel("E-mail address").inputValue(), "code@example.com", "nothing typed is lost");
      await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
      await page.getByRole("button", { name: "Create the account" }).click();
      await page.getByLabel("Six-digit code").fill(codeIn(await stand.server.mail("code@example.com")));
      await page.getByRole("button", { name: "Verify" }).click();
      await page.waitForURL(at("/dashboard"));
      await context.close();

      const other = await open();
      await other.page.goto(at("/sign-up"));
      await other.page.getByLabel("E-mail address").fill("link@example.com");
      await other.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
      await other.page.getByRole("button", { name: "Create the account" }).click();
      await other.page.getByLabel("Six-digit code").waitFor();
      const link = linkIn(await stand.server.mail("link@example.com"));
      assert.ok(link.startsWith(at("/verify-email?token=")), link);
      // A scanner looks first, and uses nothing up.
      assert.equal((await fetch(link)).status, 200);
      await other.page.goto(link);
      await other.page.getByRole("button", { name: "Verify my address" }).click();
      await other.page.waitForURL(at("/dashboard"));
      await other.context.close();
    });

    it("an address is verified by who is signed in already, and what asked for it opens in every tab", async () => {
      await withSettings({ DOORWARD_SIGN_UP__VERIFY_EMAIL: "later" }, async () => {
        for (const way of ["code", "link"]) {
          const { context, page, complaints } = await open();
          const email = `later-${way}@example.com`;
          const billing = (tab) => tab.getByRole("navigation", { name: "Places", exact: true }).getByRole("link", { name: "Billing" });
          await page.goto(at("/sign-up"));
          await page.getByLabel("E-mail address").fill(email);
          await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
          await page.getByRole("button", { name: "Create the account" }).click();
          await page.waitForURL(at("/dashboard"));
          const other = await context.newPage();
          await other.goto(at("/dashboard"));
          const tabs = [page, other];
          for (const tab of tabs) {
            await billing(tab).click();
            await tab.waitForURL(at("/verify-email?redirect_to=%2Fbilling"));
          }
          const welcome = await stand.server.mail(email);
          await page.getByRole("button", { name: "Send me a code" }).click();
          const mail = await eventually(async () => {
            const newest = await stand.server.mail(email);
            assert.notEqual(newest.id, welcome.id);
            return newest;
          });
          if (way === "code") {
            await page.getByLabel("Six-digit code").fill(codeIn(mail));
            await page.getByRole("button", { name: "Verify" }).click();
          } else {
            const third = await context.newPage();
            await third.goto(linkIn(mail));
            await third.getByRole("button", { name: "Verify my address" }).click();
            await third.waitForURL(at("/dashboard"));
          }
          for (const tab of tabs) {
            await tab.waitForURL(at("/billing"));
            await tab.getByText("costs nothing").waitFor();
          }
          assert.equal((await sessionOf(context)).user.email_verified, true);
          assert.deepEqual(complaints, []);
          await context.close();
        }
      });
    });

    it("a forgotten password is reset by the mail's link", async () => {
      const { context, page, email } = await member();
      const { context: elsewhere, page: lost } = await open();
      await lost.goto(at("/forgot-password"));
      await lost.getByLabel("E-mail address").fill(email);
      await lost.getByRole("button", { name: "Send me a link" }).click();
      await lost.getByText("a mail is on its way").waitFor();
      const link = linkIn(await stand.server.mail(email, "new password"));
      assert.ok(link.startsWith(at("/reset-password?token=")), link);
      await lost.goto(link);
      await lost.getByLabel("New password", { exact: true }).fill("another correct horse battery");
      await lost.getByRole("button", { name: "Change the password" }).click();
      await lost.waitForURL(at("/sign-in?notice=password_reset"));
      await page.goto(at("/dashboard/settings"));
      // The session from before is over.
      await page.waitForURL(/\/sign-in\?/);
      await elsewhere.close();
      await context.close();
    });

    it("a session whose token has run out is renewed before the page is rendered, and all of the request sees it", async () => {
      const { context, page } = await member();
      const before = await cookie(context, "doorward_refresh");
      await lose(context);
      const response = await page.goto(at("/dashboard"));
      assert.equal(response.status(), 200);
      assert.equal(response.request().redirectedFrom(), null, "without a detour");
      assert.equal(response.headers()["cache-control"], "private, no-store");
      await page.getByRole("button", { name: "Keep it" }).waitFor();
      assert.ok(await cookie(context, "doorward_access"));
      assert.notEqual(await cookie(context, "doorward_refresh"), before);

      await lose(context);
      assert.equal((await context.request.get(at("/api/me"))).status(), 200, "a route handler sees it too");
      await context.close();
    });

    it("no cache keeps a page that comes with cookies, one that was rendered ahead neither", async () => {
      const { context, email } = await member();
      const look = async (path) => {
        const answer = await context.request.get(at(path), { headers: { accept: "text/html" }, maxRedirects: 0 });
        const { "cache-control": cache, "set-cookie": cookies } = answer.headers();
        return { status: answer.status(), cache, cookies: Boolean(cookies) };
      };
      const kept = { status: 200, cache: "private, no-store", cookies: true };
      for (const path of ["", "/dashboard", "/recovery/cancel"]) {
        await lose(context);
        assert.deepEqual(await look(path), kept, path);
      }
      // The same for everybody, and here with the cookies of an ended session taken back.
      const { context: elsewhere } = await open();
      await elsewhere.request.post(at("/api/auth/v1/sign-in"), { data: { identifier: email, password: PASSWORD }, headers: SAME });
      await elsewhere.request.post(at("/api/auth/v1/sign-out/all"), { headers: SAME });
      await lose(context);
      assert.deepEqual(await look("/forgot-password"), kept);
      const { cache } = await look("/forgot-password");
      assert.match(cache, /s-maxage=/, "without them it may be kept");
      await elsewhere.close();
      await context.close();
    });

    it("twenty parallel requests with one spent token leave one session, and nobody is signed out", async () => {
      const { context } = await member();
      const { session } = await sessionOf(context);
      await lose(context);
      const header = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
      const paths = ["/dashboard", "/api/me", "/dashboard/settings", "/billing"];
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, turn) =>
          fetch(at(paths[turn % paths.length]), { headers: { cookie: header, accept: "text/html" }, redirect: "manual" }),
        ),
      );
      assert.deepEqual(answers.map(({ status }) => status), Array(20).fill(200));
      const tokens = new Set(
        answers.flatMap((answer) => answer.headers.getSetCookie()).filter((line) => line.startsWith("doorward_refresh=")).map((line) => line.split(";")[0]),
      );
      assert.equal(tokens.size, 1, "one live branch");
      const again = await fetch(at("/api/auth/v1/token/refresh"), { method: "POST", headers: { cookie: [...tokens][0], ...SAME } });
      assert.equal(again.status, 200);
      const renewed = again.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
      const current = await (await fetch(at("/api/auth/v1/session"), { headers: { cookie: renewed } })).json();
      assert.equal(current.session.id, session.id);
      await context.close();
    });

    it("three tabs renew together, once, and their requests keep their bodies", async () => {
      const { context, page } = await member();
      const tabs = [page, await context.newPage(), await context.newPage()];
      await Promise.all(tabs.map((tab) => tab.goto(at("/dashboard"))));
      await Promise.all(tabs.map((tab) => tab.getByRole("button", { name: "Ask /api/me" }).waitFor()));
      let refreshes = 0;
      context.on("request", (request) => (refreshes += request.url().endsWith("/v1/token/refresh")));
      await context.route("**/package/**", (route) => route.fulfill({ path: join(PACKAGE, new URL(route.request().url()).pathname.split("/package/")[1]) }));
      // Past the proxy, so that it is the browser that finds out: neither by what it asks, nor by what it fetches ahead.
      await context.route(/_rsc=/, (route) => route.abort());
      // One button and three bodies in each tab, all sent before the first is refused.
      let waiting = 12;
      const all = gate();
      await context.route("**/api/me", async (route) => {
        const has = (await route.request().allHeaders())["cookie"]?.includes("doorward_access=");
        if (has) return route.fallback();
        if (--waiting === 0) all.open();
        await all.passed;
        const body = JSON.stringify({ code: "token_expired", status: 401, title: "", detail: "", type: "" });
        return route.fulfill({ status: 401, contentType: "application/problem+json", body });
      });
      await lose(context);
      /** What comes back of what a tab sends, by the client's `fetch`. */
      const send = (tab, number) =>
        tab.evaluate(
          async ([base, number]) => {
            const { createAuthClient } = await import(`${base}/package/client/index.js`);
            const client = createAuthClient({ basePath: `${base}/api/auth` });
            const form = new FormData();
            form.set("note", `of tab ${number}`);
            form.set("file", new Blob(["picture ".repeat(20_000)], { type: "image/png" }), "picture.png");
            const bodies = { json: JSON.stringify({ number }), form, blob: new Blob([`blob ${number} `.repeat(10_000)], { type: "text/x-note" }) };
            const echo = async ([kind, body]) => {
              const headers = kind === "json" ? { "content-type": "application/json" } : {};
              const response = await client.fetch(`${base}/api/me`, { method: "POST", body, headers });
              const { type, body: text } = await response.json();
              if (kind !== "form") return [kind, response.status, type, text];
              const came = await new Response(text, { headers: { "content-type": type } }).formData();
              const file = came.get("file");
              return [kind, response.status, came.get("note"), file.name, file.type, await file.text()];
            };
            return Promise.all(Object.entries(bodies).map(echo));
          },
          [stand.base, number],
        );
      const clicks = tabs.map((tab) => tab.getByRole("button", { name: "Ask /api/me" }).click());
      const [echoes] = await Promise.all([Promise.all(tabs.map(send)), ...clicks]);
      assert.deepEqual(
        echoes,
        tabs.map((_, number) => [
          ["json", 200, "application/json", JSON.stringify({ number })],
          ["form", 200, `of tab ${number}`, "picture.png", "image/png", "picture ".repeat(20_000)],
          ["blob", 200, "text/x-note", `blob ${number} `.repeat(10_000)],
        ]),
      );
      await Promise.all(tabs.map((tab) => tab.getByText(/^200 /).waitFor()));
      assert.equal(waiting, 0, "each was refused once");
      assert.equal(refreshes, 1);
      await context.close();
    });

    it("signing out reaches every tab, and Back shows nothing of before", async () => {
      const { context, page } = await member();
      const other = await context.newPage();
      await page.goto(at("/dashboard"));
      await other.goto(at("/dashboard/settings"));
      await other.getByText("this one").waitFor();
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.waitForURL(at("/sign-in?notice=signed_out"));
      await other.waitForURL(/\/sign-in/);
      assert.equal(await seenAfter(page, () => history.back(), "textarea"), false, "not even for a moment");
      await page.waitForURL(/\/sign-in/);
      assert.equal(await cookie(context, "doorward_refresh"), undefined);
      await context.close();
    });

    it("a page that is under way while another tab signs out brings nothing back, and does not stay", async () => {
      const { context, page } = await member();
      await page.goto(at("/dashboard"));
      await page.getByRole("button", { name: "Keep it" }).waitFor();
      const { late, arrive, tokens: before } = await underWay(context);
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.waitForURL(at("/sign-in?notice=signed_out"));
      await arrive();
      await late.waitForURL(/\/sign-in/);
      assert.equal(await cookie(context, "doorward_access"), undefined);

      // However late an answer is, and whatever it is an answer to.
      await late.close();
      await context.addCookies(before);
      assert.equal((await context.request.get(at("/api/me"))).status(), 401);
      await context.addCookies(before);
      await page.goto(at("/dashboard"));
      assert.equal(path(page), `${stand.base}/sign-in?redirect_to=%2Fdashboard`);
      assert.equal(await cookie(context, "doorward_refresh"), undefined);
      await context.close();
    });

    it("a page that is under way while somebody else signs in brings nothing back, and does not stay", async () => {
      const { context, page } = await member();
      await page.goto(at("/dashboard"));
      await page.getByRole("button", { name: "Keep it" }).waitFor();
      const { context: elsewhere } = await open();
      const email = `person${++people}@example.com`;
      await elsewhere.request.post(at("/api/auth/v1/sign-up"), { data: { email, password: PASSWORD }, headers: SAME });
      const link = linkIn(await stand.server.mail(email));
      const { late, arrive, tokens: before } = await underWay(context);
      await page.goto(link);
      await page.getByRole("button", { name: "Verify my address" }).click();
      await page.getByLabel("The password that you chose").fill(PASSWORD);
      await page.getByRole("button", { name: "Verify my address" }).click();
      await page.waitForURL(at("/dashboard"));
      await page.getByText(email).first().waitFor();
      await arrive();
      await late.waitForURL(/\/sign-in/);
      assert.equal(await cookie(context, "doorward_access"), undefined);
      await late.close();
      await context.addCookies(before);
      assert.equal((await context.request.get(at("/api/me"), AGAIN)).status(), 401);
      await elsewhere.close();
      await context.close();
    });

    it("signing in shows in every tab", async () => {
      const { email } = await member();
      const { context, page } = await open();
      const other = await context.newPage();
      await other.goto(at("/"));
      await other.getByRole("link", { name: "Sign in" }).waitFor();
      await page.goto(at("/sign-in"));
      await page.getByLabel("E-mail address or username").fill(email);
      await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.waitForURL(at("/dashboard"));
      await other.getByRole("link", { name: "Your notes" }).waitFor();
      await context.close();
    });

    it("whoever signs in after somebody else finds nothing of theirs", async () => {
      const { email } = await member();
      const { context, page } = await member();
      await page.goto(at("/dashboard/settings"));
      await page.getByText("this one").waitFor();
      await page.getByLabel("Family name").fill("Typed before");
      const other = await context.newPage();
      await other.goto(at("/"));
      // As where a mail's link signs another account in.
      await other.evaluate(
        async ([url, identifier, password]) => {
          const headers = { "content-type": "application/json" };
          await fetch(url, { method: "POST", headers, body: JSON.stringify({ identifier, password }) });
          new BroadcastChannel("doorward").postMessage(["signed-in", undefined]);
        },
        [at("/api/auth/v1/sign-in"), email, PASSWORD],
      );
      await page.getByRole("heading", { name: "Profile" }).waitFor();
      await page.getByText(email).first().waitFor();
      await eventually(async () => {
        assert.equal(await page.getByLabel("Family name").inputValue({ timeout: 500 }), "");
      });
      await context.close();
    });

    it("a session that was ended elsewhere is led to sign-in, and in no circle", async () => {
      const { context, page, email, post } = await member();
      const { context: elsewhere } = await open();
      const data = { identifier: email, password: PASSWORD };
      const headers = SAME;
      await elsewhere.request.post(at("/api/auth/v1/sign-in"), { data, headers });
      await elsewhere.request.post(at("/api/auth/v1/sign-out/all"), { data: {}, headers });
      // The access token still looks good to whoever does not ask.
      await page.goto(at("/dashboard/settings"));
      await page.waitForURL(/\/sign-in/);
      await page.getByLabel("Password", { exact: true }).waitFor();
      await page.goto(at("/sign-in"));
      await page.getByLabel("Password", { exact: true }).waitFor();
      assert.equal(path(page), `${stand.base}/sign-in`);
      assert.equal((await post("/v1/token/refresh", {})).status(), 401);
      await elsewhere.close();
      await context.close();
    });

    it("signing out everywhere ends every session, and where this one had ended already, leaves no page of it", async () => {
      const { context, page, email } = await member();
      const elsewhere = await open();
      await beginAs(elsewhere.page, email);
      await elsewhere.page.waitForURL(at("/dashboard"));
      const everywhere = (tab) => tab.getByRole("button", { name: "Sign out everywhere" });
      for (const tab of [page, elsewhere.page]) {
        await tab.goto(at("/dashboard/settings"));
        await everywhere(tab).waitFor();
      }
      await everywhere(page).click();
      await page.waitForURL(at("/sign-in?notice=signed_out"));
      await everywhere(elsewhere.page).click();
      await elsewhere.page.waitForURL(/\/sign-in\?redirect_to=/);
      assert.equal(await cookie(elsewhere.context, "doorward_access"), undefined);
      await elsewhere.context.close();
      await context.close();
    });

    it("who is signed in is kept off the sign-in pages", async () => {
      const { context, page } = await member();
      for (const [asked, led] of [
        ["/sign-in", "/dashboard"],
        ["/sign-up", "/dashboard"],
        ["/sign-in?redirect_to=%2Fbilling", "/billing"],
        ["/sign-in?redirect_to=https%3A%2F%2Fevil.example", "/dashboard"],
        ["/sign-in?redirect_to=%2F%2Fevil.example", "/dashboard"],
        ["/sign-in?redirect_to=%2F%5Cevil.example", "/dashboard"],
        ["/sign-in?redirect_to=%2Fsign-in", "/dashboard"],
      ]) {
        await page.goto(at(asked));
        assert.equal(path(page), stand.base + led, asked);
      }
      await context.close();
    });

    it("a server action with a spent token does its work, and with none it leads to sign-in", async () => {
      const { context, page, complaints } = await member();
      await page.goto(at("/dashboard"));
      await page.getByLabel("A new note").fill("Seen from the train.");
      await lose(context);
      assert.equal((await answerTo(page, "Keep it")).status(), 200);
      await shown(page, page.getByText("Seen from the train.", { exact: true }).and(page.locator(".notes p")));

      await page.getByLabel("A new note").fill("Nobody's.");
      await context.clearCookies();
      const answer = await answerTo(page, "Keep it");
      assert.match(answer.headers()["x-action-redirect"], /\/sign-in\?redirect_to=/);
      await page.waitForURL(/\/sign-in\?redirect_to=/, { timeout: HANG }).catch(() => page.reload());
      await page.waitForURL(/\/sign-in\?redirect_to=/);
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("roles and verified addresses are asked for where data is read", async () => {
      // The role asks for two factors: it would end a session of one.
      const { context, page, email } = await careful();
      await page.goto(at("/billing"));
      await page.getByText("costs nothing").waitFor();
      await page.goto(at("/admin"));
      await page.waitForURL(at("/forbidden"));
      // The last administrator can't be taken away.
      await stand.server.cli("user", "grant", (await member()).email, "admin");
      await stand.server.cli("user", "grant", email, "admin");
      // Within a second.
      await eventually(async () => {
        await page.goto(at("/admin"));
        await page.getByText("at this moment").waitFor({ timeout: 500 });
      });
      await page.getByRole("navigation", { name: "Places", exact: true }).getByRole("link", { name: "Administration" }).waitFor();
      await stand.server.cli("user", "revoke", email, "admin");
      await eventually(async () => {
        await page.goto(at("/admin"));
        await page.waitForURL(at("/forbidden"), { timeout: 500 });
      });
      await context.close();
    });

    it("what is sensitive asks once more who it is, where that is a while ago", async () => {
      const { context, page } = await member();
      await page.goto(at("/dashboard/settings"));
      const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download my data" }).click()]);
      assert.equal(file.suggestedFilename(), "my-data.json");
      await page.goto(at("/reauthenticate?redirect_to=%2Fdashboard%2Fsettings"));
      await page.getByLabel("Password", { exact: true }).fill("not the right password");
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.locator(".alert, .fault").first().waitFor();
      await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.waitForURL(at("/dashboard/settings"));
      await context.close();
    });

    it("settings: the profile is saved, and what is wrong with it stands beside its field", async () => {
      const { context, page, complaints } = await member();
      await page.goto(at("/dashboard/settings"));
      await page.getByLabel("Given name").fill("Ada");
      await page.getByLabel("Username").fill("a b");
      await page.getByRole("button", { name: "Save", exact: true }).click();
      const fault = page.locator(".fault");
      await fault.waitFor();
      assert.equal(await fault.getAttribute("id"), await page.getByLabel("Username").getAttribute("aria-describedby"));
      assert.equal(await page.getByLabel("Given name").inputValue(), "Ada", "nothing typed is lost");
      const name = `ada${++people}`;
      await page.getByLabel("Username").fill(name);
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.getByText("Saved.").waitFor();
      await page.reload();
      assert.deepEqual(await Promise.all(["Username", "Given name"].map((label) => page.getByLabel(label).inputValue())), [name, "Ada"]);
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("settings: a new password signs every other device out", async () => {
      const { context, page, complaints, email } = await member();
      const other = await onAnotherDevice(email);
      const next = "another correct horse battery";
      await page.goto(at("/dashboard/settings"));
      await page.getByLabel("Current password", { exact: true }).fill("not the right one");
      await page.getByLabel("New password", { exact: true }).fill(next);
      await page.getByRole("button", { name: "Change the password" }).click();
      await page.locator(".alert, .fault").first().waitFor();
      await page.getByLabel("Current password", { exact: true }).fill(PASSWORD);
      await page.getByRole("button", { name: "Change the password" }).click();
      await page.getByText("Your password is changed.").waitFor();
      await page.reload();
      await page.getByText("this one").waitFor();
      await isOut(other);
      await other.context.close();
      await (await onAnotherDevice(email, next)).context.close();
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("settings: another session is ended, and this one stays", async () => {
      const { context, page, complaints, email } = await member();
      const other = await onAnotherDevice(email);
      await page.goto(at("/dashboard/settings"));
      const end = page.getByRole("button", { name: /^End the session of / });
      await end.click();
      await end.waitFor({ state: "detached" });
      await page.getByText("this one").waitFor();
      await isOut(other);
      assert.deepEqual(complaints, []);
      await other.context.close();
      await context.close();
    });

    it("a phone's menu leads on, and closes behind one", async () => {
      const { context, page, complaints } = await member({ viewport: { width: 360, height: 740 } });
      await page.goto(at("/dashboard"));
      const menu = page.getByRole("navigation", { name: "Places, as a menu" });
      assert.ok(await page.getByRole("navigation", { name: "Places", exact: true }).isHidden());
      assert.ok(await menu.isHidden());
      // Its script may come after the summary, which opens without.
      await page.getByRole("button", { name: "Keep it" }).waitFor();
      await page.getByText("Menu", { exact: true }).click();
      if (lane === FIRST) {
        await assertGood(page, "menu");
        await picture(page, "nextjs-menu");
      }
      await menu.getByRole("link", { name: "Settings" }).click();
      await page.waitForURL(at("/dashboard/settings"));
      await page.getByRole("heading", { name: "Profile" }).waitFor();
      await menu.waitFor({ state: "hidden" });
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("mails: whoever says that it was not them signs everybody out, and gets a link for a new password", async () => {
      const owner = await member();
      const stranger = await onAnotherDevice(owner.email);
      const { context, page } = await open();
      await pressLinkOf(await stand.server.mail(owner.email, "new sign-in"), page, "/not-me", "Sign everybody out");
      await page.getByText("Everybody is signed out.").waitFor();
      for (const one of [stranger, owner]) {
        await isOut(one);
        await one.context.close();
      }
      assert.ok(linkIn(await stand.server.mail(owner.email, "new password")).startsWith(at("/reset-password?token=")));
      await context.close();
    });

    it("mails: the old address takes itself back", async () => {
      const { context, email, post } = await member();
      const next = `next${++people}@example.com`;
      assert.equal((await post("/v1/me/email", { new_email: next })).status(), 202);
      const code = codeIn(await stand.server.mail(next, "confirm"));
      assert.equal((await post("/v1/me/email/verify", { code })).status(), 200);
      const { context: elsewhere, page } = await open();
      await pressLinkOf(await stand.server.mail(email, "was changed"), page, "/undo-email", "Undo the change");
      await page.getByText("Your address is yours again").waitFor();
      // The password that a stranger may know lets nobody in any more.
      const link = linkIn(await stand.server.mail(email, "new password"));
      assert.ok(link.startsWith(at("/reset-password?token=")), link);
      await page.goto(link);
      await page.getByLabel("New password", { exact: true }).fill("another correct horse battery");
      await page.getByRole("button", { name: "Change the password" }).click();
      await page.waitForURL(at("/sign-in?notice=password_reset"));
      await (await onAnotherDevice(email, "another correct horse battery")).context.close();
      await elsewhere.close();
      await context.close();
    });

    it("mails: an account that was closed is opened again", async () => {
      const { context, email } = await member();
      assert.equal((await context.request.delete(at("/api/auth/v1/me"), { headers: SAME })).status(), 202);
      const { context: elsewhere, page } = await open();
      await pressLinkOf(await stand.server.mail(email, "is closed"), page, "/restore-account", "Restore my account");
      await page.getByText("Your account is open again.").waitFor();
      await (await onAnotherDevice(email)).context.close();
      await elsewhere.close();
      await context.close();
    });

    it("mails: the end of a recovery sends its token by the button alone", async () => {
      const { context, page } = await open();
      const asked = [];
      await page.route("**/v1/recovery/complete", (route) => {
        asked.push(route.request().postDataJSON());
        // The wait that a good one takes is longer than this test may.
        return asked.length === 1 ? route.continue() : route.fulfill({ status: 204 });
      });
      await page.goto(at("/recovery/complete?token=dw_rc_x"));
      const button = page.getByRole("button", { name: "Remove my second factor" });
      await button.waitFor();
      await page.waitForLoadState("networkidle");
      assert.deepEqual(asked, [], "opening it uses nothing up");
      await button.click();
      await page.locator(".alert").waitFor();
      await button.click();
      await page.getByText("Your second factor is removed").waitFor();
      assert.deepEqual(asked, Array(2).fill({ token: "dw_rc_x" }));
      await context.close();
    });

    it("an authenticator app is set up in the settings, replaced and removed", async () => {
      const { context, page, complaints } = await member();
      await page.goto(at("/dashboard/settings"));
      await page.getByRole("link", { name: "Set it up" }).click();
      await page.getByRole("button", { name: "Set up an authenticator app" }).click();
      const toScan = page.getByRole("img", { name: "Picture to scan" });
      assert.ok(await toScan.evaluate((img) => img.decode().then(() => img.naturalWidth > 0)), "the picture is one");
      const secret = await secretOn(page);
      await page.getByLabel("Code of the app").fill("000000");
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.locator(".alert, .fault").first().waitFor();
      await page.getByLabel("Code of the app").fill(totp(secret).replace(/^.{3}/, "$& "));
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.getByRole("heading", { name: "Your backup codes" }).waitFor();
      const codes = await page.locator(".codes code").allTextContents();
      assert.equal(codes.length, 10);
      const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download" }).click()]);
      assert.equal(file.suggestedFilename(), "fieldnote-backup-codes.txt");
      const text = (await (await file.createReadStream()).toArray()).join("");
      assert.ok(codes.every((code) => text.includes(code)));
      await page.evaluate(() => (window.print = () => (window.printed = true)));
      await page.getByRole("button", { name: "Print" }).click();
      assert.ok(await page.evaluate(() => window.printed));
      // As browsers print, whatever colours the screen has.
      await page.emulateMedia({ media: "print", colorScheme: "light" });
      if (lane === FIRST) await picture(page, "nextjs-backup-codes-print");
      assert.equal(await page.locator("button, a:not(.name), nav, summary").filter({ visible: true }).count(), 0, "nothing to press");
      for (const code of codes) assert.ok(await page.getByText(code).isVisible());
      assert.ok(await page.getByText("Fieldnote", { exact: true }).isVisible(), "it says what they are for");
      await page.emulateMedia({ media: null, colorScheme: null });
      await page.getByRole("button", { name: "I have kept them" }).click();
      await page.getByText("10 of 10 are left").waitFor();

      await page.getByText("Make new codes…").click();
      await page.getByRole("button", { name: "Make ten new codes" }).click();
      await page.getByRole("heading", { name: "Your backup codes" }).waitFor();
      assert.equal((await page.locator(".codes code").allTextContents()).some((code) => codes.includes(code)), false);
      await page.getByRole("button", { name: "I have kept them" }).click();
      await page.getByText("Remove…").click();
      await page.getByRole("button", { name: "Yes, remove it" }).click();
      await page.getByRole("button", { name: "Set up an authenticator app" }).waitFor();
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("second step: nobody is signed in before it, and a device that is trusted is not asked again", async () => {
      const { email, secret, codes } = await careful();
      const { context, page, complaints } = await open();
      const other = await context.newPage();
      await other.goto(at("/"));
      await other.getByRole("link", { name: "Sign in" }).waitFor();
      await page.bringToFront();
      await beginAs(page, email, "/dashboard/settings?x=1");
      await page.waitForURL(at("/second-step?redirect_to=%2Fdashboard%2Fsettings%3Fx%3D1"));
      await page.getByLabel("Code of the app").fill("000000");
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.locator(".alert").waitFor();
      assert.equal(await cookie(context, "doorward_access"), undefined);
      assert.equal(await cookie(context, "doorward_refresh"), undefined);
      assert.equal((await context.request.get(at("/api/me"))).status(), 401);
      assert.equal(await other.getByRole("link", { name: "Your notes" }).isVisible(), false, "no tab believes otherwise");
      // A page that is loaded anew still knows what it waits for.
      await page.reload();
      await page.getByRole("button", { name: "Use a backup code" }).click();
      await page.getByLabel("Backup code").fill(codes[0]);
      await page.getByLabel("Don’t ask again").check();
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.waitForURL(at("/dashboard/settings?x=1"));
      await other.getByRole("link", { name: "Your notes" }).waitFor();
      await page.getByRole("button", { name: "Sign out", exact: true }).click();
      await page.waitForURL(at("/sign-in?notice=signed_out"));
      await beginAs(page, email);
      await page.waitForURL(at("/dashboard"));
      assert.deepEqual(complaints, []);
      await context.close();

      const elsewhere = await open();
      await beginAs(elsewhere.page, email);
      await elsewhere.page.getByLabel("Code of the app").fill(totp(secret, 1));
      await elsewhere.page.getByRole("button", { name: "Confirm" }).click();
      await elsewhere.page.waitForURL(at("/dashboard"));
      await elsewhere.page.goto(at("/second-step"));
      await elsewhere.page.getByText("No sign-in is under way").waitFor();
      await elsewhere.context.close();
    });

    it("second step: where phone and codes are lost, a wait begins, which the mail cancels", async () => {
      const { context, email } = await careful();
      const { context: elsewhere, page } = await open();
      await beginAs(page, email);
      await page.getByRole("button", { name: "I have lost all of them" }).click();
      await page.getByRole("button", { name: "Begin the wait" }).click();
      const readyAt = await page.locator(".notice time").getAttribute("datetime");
      assert.ok(Date.parse(readyAt) > Date.now() + 3_600_000, readyAt);
      const mail = await stand.server.mail(email, "second factor");
      const link = mail.text.match(/https?:\/\/\S+\/recovery\/cancel\?token=\S+/)?.[0];
      assert.ok(link?.startsWith(at("/recovery/cancel?token=")), mail.text);
      await page.goto(link);
      await page.getByRole("button", { name: "Cancel the recovery" }).click();
      await page.getByText("The recovery is cancelled").waitFor();
      assert.equal((await context.request.post(at("/api/auth/v1/recovery/cancel"), { headers: SAME })).status(), 404);
      await elsewhere.close();
      await context.close();
    });

    it("enrolment: who needs a second factor sets it up on the way in, and keeps the codes before going on", async () => {
      const { email, context: before } = await member();
      await before.close();
      await stand.server.cli("user", "grant", email, "admin");
      const { context, page, complaints } = await open();
      const other = await context.newPage();
      await other.goto(at("/"));
      await page.bringToFront();
      await beginAs(page, email, "/dashboard/settings");
      await page.waitForURL(at("/second-step?redirect_to=%2Fdashboard%2Fsettings"));
      await page.getByText("Your account needs a second factor").waitFor();
      assert.equal(await cookie(context, "doorward_refresh"), undefined);
      await page.getByLabel("Code of the app").fill(totp(await secretOn(page)));
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.getByRole("heading", { name: "Your backup codes" }).waitFor();
      await other.getByRole("link", { name: "Your notes" }).waitFor();
      // Signed in, and still here: whatever the app renders anew, the codes stay.
      await wait(500);
      assert.equal(await page.locator(".codes code").count(), 10);
      await page.getByRole("button", { name: "I have kept them" }).click();
      await page.waitForURL(at("/dashboard/settings"));
      await page.goto(at("/private"));
      await page.getByText("signed in with two factors").waitFor();
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("enrolment: a passkey that is made on the way in is the second step from then on", async () => {
      const { email, context: before } = await member();
      await before.close();
      await stand.server.cli("user", "grant", email, "admin");
      const { context, page, complaints } = await open();
      const authenticator = await addAuthenticator(page);
      await page.addInitScript(() => (PublicKeyCredential.isConditionalMediationAvailable = async () => false));
      await beginAs(page, email, "/private");
      await page.waitForURL(at("/second-step?redirect_to=%2Fprivate"));
      const button = page.getByRole("button", { name: "Make a passkey instead" });
      await button.waitFor();
      for (const { name, colorScheme, viewport } of lane === FIRST ? LOOKS : []) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize(viewport);
        await assertGood(page, `enrolment ${name}`);
        await picture(page, `nextjs-enrolment-${name}`);
      }
      await authenticator.verifies(false);
      await button.click();
      await page.getByText("That was cancelled").waitFor();
      assert.equal(await cookie(context, "doorward_refresh"), undefined);
      await authenticator.verifies(true);
      await button.click();
      await page.getByRole("heading", { name: "Your backup codes" }).waitFor();
      assert.equal((await authenticator.credentials()).length, 1);
      // Signed in, and still here: whatever the app renders anew, the codes stay.
      await wait(500);
      assert.equal(await page.locator(".codes code").count(), 10);
      await page.getByRole("button", { name: "I have kept them" }).click();
      await page.waitForURL(at("/private"));
      await page.getByText("signed in with two factors").waitFor();

      await page.getByRole("button", { name: "Sign out", exact: true }).click();
      await page.waitForURL(/\/sign-in/);
      await beginAs(page, email, "/private");
      await page.waitForURL(at("/second-step?redirect_to=%2Fprivate"));
      await page.getByRole("button", { name: "Use a passkey" }).click();
      await page.waitForURL(at("/private"));
      await page.getByText("signed in with two factors").waitFor();
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("enrolment: a browser that knows no passkeys is offered the app alone", async () => {
      const { email, context: before } = await member();
      await before.close();
      await stand.server.cli("user", "grant", email, "admin");
      const { context, page, complaints } = await open();
      await context.addInitScript(() => delete globalThis.PublicKeyCredential);
      await beginAs(page, email);
      await page.getByText("a code from your phone. It takes a minute.").waitFor();
      assert.equal(await page.getByRole("button", { name: "Make a passkey instead" }).count(), 0);
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("acr gate: leads to the code and back, or first to the set-up of a second factor", async () => {
      const { context, page, email, complaints } = await member();
      const elsewhere = await open();
      await beginAs(elsewhere.page, email);
      await elsewhere.page.waitForURL(at("/dashboard"));
      const places = (page) => page.getByRole("navigation", { name: "Places", exact: true });
      await page.goto(at("/dashboard"));
      await places(page).getByRole("link", { name: "Private" }).click();
      await page.waitForURL(at("/reauthenticate?redirect_to=%2Fprivate&acr=aal2"));
      await page.getByRole("link", { name: "Set up a second factor" }).click();
      await page.getByRole("button", { name: "Set up an authenticator app" }).click();
      const secret = await secretOn(page);
      await page.getByLabel("Code of the app").fill(totp(secret));
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.getByRole("button", { name: "I have kept them" }).click();
      await page.waitForURL(at("/private"));
      await page.getByText("signed in with two factors").waitFor();

      // A session from before the second factor: signed in all the same, and asked where it matters.
      const { page: old } = elsewhere;
      await places(old).getByRole("link", { name: "Private" }).click();
      await old.waitForURL(at("/reauthenticate?redirect_to=%2Fprivate&acr=aal2"));
      await old.getByLabel("Code of the app").fill(totp(secret, 1));
      await old.getByRole("button", { name: "Confirm" }).click();
      await old.waitForURL(at("/private"));
      await old.getByText("signed in with two factors").waitFor();
      assert.deepEqual([complaints, elsewhere.complaints], [[], []]);
      await elsewhere.context.close();
      await context.close();
    });

    it("what is sensitive asks an account with a second factor for that, not for the password", async () => {
      const { context, page, email } = await member();
      const elsewhere = await open();
      await beginAs(elsewhere.page, email);
      await elsewhere.page.waitForURL(at("/dashboard"));
      const post = (path, data) => context.request.post(at(`/api/auth${path}`), { data, headers: SAME });
      const { secret } = await (await post("/v1/me/totp")).json();
      assert.equal((await post("/v1/me/totp/confirm", { code: totp(secret) })).status(), 200);
      const { page: old } = elsewhere;
      await old.goto(at("/dashboard/settings"));
      await old.getByRole("button", { name: "Download my data" }).click();
      await old.waitForURL(/\/reauthenticate/);
      await old.getByLabel("Code of the app").fill(totp(secret, 1));
      await old.getByRole("button", { name: "Confirm" }).click();
      await old.waitForURL(at("/dashboard/settings"));
      const [file] = await Promise.all([old.waitForEvent("download"), old.getByRole("button", { name: "Download my data" }).click()]);
      assert.equal(file.suggestedFilename(), "my-data.json");
      await elsewhere.context.close();
      await context.close();
    });

    it("passkey: added in the settings, it signs in beside the names and by the button, confirms, and is removed", async () => {
      const { context, page, complaints, post } = await member();
      const authenticator = await addAuthenticator(page);
      await page.goto(at("/dashboard/settings"));
      await page.getByRole("button", { name: "Add a passkey" }).click();
      await page.getByRole("button", { name: /^Remove / }).waitFor();
      assert.equal((await authenticator.credentials()).length, 1);
      for (const { name, colorScheme, viewport } of lane === FIRST ? LOOKS : []) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize(viewport);
        await assertGood(page, `passkeys ${name}`);
        await picture(page, `nextjs-passkeys-${name}`);
        await page.getByRole("button", { name: /^Rename / }).click();
        await assertGood(page, `a passkey's name ${name}`);
        await picture(page, `nextjs-passkey-name-${name}`);
        await page.getByRole("button", { name: "Leave it as it is" }).click();
      }

      await page.goto(at("/reauthenticate?redirect_to=%2Fdashboard"));
      await page.getByRole("button", { name: "Use a passkey" }).click();
      await page.waitForURL(at("/dashboard"));

      // Whose authenticator answers by itself chooses what is offered beside the names.
      const chosen = page.waitForResponse(/\/v1\/sign-in\/passkey\/finish$/);
      await page.getByRole("button", { name: "Sign out" }).click();
      assert.equal((await chosen).status(), 200);
      await page.waitForURL(at("/dashboard"));

      await authenticator.present(false);
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.waitForURL(/\/sign-in/);
      await page.addInitScript(() => (PublicKeyCredential.isConditionalMediationAvailable = async () => false));
      await page.goto(at("/sign-in?redirect_to=%2Fdashboard%2Fsettings"));
      await authenticator.present(true);
      await authenticator.verifies(false);
      const button = page.getByRole("button", { name: "Sign in with a passkey" });
      await button.click();
      await page.getByText("That was cancelled").waitFor();
      assert.equal(await cookie(context, "doorward_refresh"), undefined);
      await authenticator.verifies(true);
      await button.click();
      await page.waitForURL(at("/dashboard/settings"));
      await page.getByRole("button", { name: /^Remove / }).click();
      await page.getByRole("button", { name: /^Remove / }).waitFor({ state: "detached" });
      await eventually(async () => assert.deepEqual(await authenticator.credentials(), [], "the device offers it no more"));
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("passkey: is offered to who has none, and to who said no not again", async () => {
      const { context, page, complaints } = await member();
      const offer = page.getByRole("region", { name: "Sign in faster next time" });
      /** A page whose offer would be there by now. */
      const settled = async () => {
        await page.goto(at("/dashboard"));
        await page.getByRole("button", { name: "Keep it" }).waitFor();
        await page.waitForLoadState("networkidle");
      };
      await settled();
      assert.equal(await offer.count(), 0, "this device keeps none");

      const authenticator = await addAuthenticator(page);
      await settled();
      await offer.waitFor();
      for (const { name, colorScheme, viewport } of lane === FIRST ? LOOKS : []) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize(viewport);
        await assertGood(page, `offer ${name}`);
        await picture(page, `nextjs-passkey-offer-${name}`);
      }
      await authenticator.verifies(false);
      await offer.getByRole("button", { name: "Add a passkey" }).click();
      await offer.getByText("That was cancelled").waitFor();
      await offer.getByRole("button", { name: "No, thanks" }).click();
      await settled();
      assert.equal(await offer.count(), 0, "no means no");

      await page.evaluate(() => localStorage.clear());
      await authenticator.verifies(true);
      await settled();
      await offer.getByRole("button", { name: "Add a passkey" }).click();
      await page.getByText("Your passkey is here.").waitFor();
      if (lane === FIRST) await assertGood(page, "a passkey that was added");
      assert.equal((await authenticator.credentials()).length, 1);
      await settled();
      assert.equal(await offer.count(), 0, "there is one");
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("passkey: the settings say what keeps it, and where else it is", async () => {
      const { context, page, complaints } = await member();
      const kept = { created_at: "2026-01-02T03:04:05Z", last_used_at: null, credential_id: "x" };
      const items = [
        { ...kept, id: "passkey_1", name: "My phone", provider: "iCloud Keychain", backed_up: true },
        { ...kept, id: "passkey_2", name: "Bitwarden", provider: "Bitwarden", backed_up: true },
        { ...kept, id: "passkey_3", name: "Blue key", provider: null, backed_up: false },
      ];
      const signals = { rpId: "localhost", userId: "x", name: "x", displayName: "x", allAcceptedCredentialIds: [] };
      await page.route("**/v1/me/passkeys", (route) => route.fulfill({ json: { items, next_cursor: null, signals } }));
      await page.goto(at("/dashboard/settings"));
      const lines = page.getByRole("region", { name: "Passkeys" }).getByRole("listitem");
      await lines.first().waitFor();
      const expected = ["My phone iCloud Keychain, synced to your devices", "Bitwarden synced to your devices", "Blue key on one device alone"];
      for (const [at, line] of (await lines.allInnerTexts()).entries()) {
        assert.ok(line.replace(/\s+/g, " ").startsWith(expected[at]), line);
      }
      for (const { name, colorScheme, viewport } of lane === FIRST ? LOOKS : []) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize(viewport);
        await assertGood(page, `passkeys of all kinds ${name}`);
        await picture(page, `nextjs-passkeys-kinds-${name}`);
      }
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("passkey: takes the second step after the password", async () => {
      const { context, page, complaints, email, post } = await careful();
      await addAuthenticator(page);
      await page.addInitScript(() => (PublicKeyCredential.isConditionalMediationAvailable = async () => false));
      await page.goto(at("/dashboard/settings"));
      await page.getByRole("button", { name: "Add a passkey" }).click();
      await page.getByRole("button", { name: /^Remove / }).waitFor();
      await page.getByRole("button", { name: "Sign out", exact: true }).click();
      await page.waitForURL(/\/sign-in/);
      await beginAs(page, email, "/private");
      await page.waitForURL(at("/second-step?redirect_to=%2Fprivate"));
      if (lane === FIRST) await assertGood(page, "second step with a passkey");
      await page.getByRole("button", { name: "Use a passkey" }).click();
      await page.waitForURL(at("/private"));
      await page.getByText("signed in with two factors").waitFor();
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("passkey: is renamed, and asked for after the password", async () => {
      const { context, page, complaints, email } = await member();
      await addAuthenticator(page);
      await page.addInitScript(() => (PublicKeyCredential.isConditionalMediationAvailable = async () => false));
      await page.goto(at("/dashboard/settings"));
      await page.getByRole("button", { name: "Add a passkey" }).click();
      await page.getByRole("button", { name: /^Rename / }).click();
      await page.getByLabel("Name of this passkey").fill("x".repeat(61));
      await page.getByRole("button", { name: "Save the name" }).click();
      await page.locator(".fault").waitFor();
      await page.getByLabel("Name of this passkey").fill("Ada’s key");
      await page.getByRole("button", { name: "Save the name" }).click();
      await page.getByText("Ada’s key", { exact: true }).waitFor();
      await page.reload();
      await page.getByText("Ada’s key", { exact: true }).waitFor();

      await page.goto(at("/dashboard/settings/two-factor"));
      await page.getByRole("button", { name: "Ask for a passkey after the password" }).waitFor();
      for (const { name, colorScheme, viewport } of lane === FIRST ? LOOKS : []) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize(viewport);
        await assertGood(page, `passkey after the password ${name}`);
        await picture(page, `nextjs-passkey-second-${name}`);
      }
      await page.getByRole("button", { name: "Ask for a passkey after the password" }).click();
      await page.getByRole("heading", { name: "Your backup codes" }).waitFor();
      await page.getByRole("button", { name: "I have kept them" }).click();
      await page.getByText("10 of 10 are left").waitFor();
      await page.getByRole("button", { name: "Sign out", exact: true }).click();
      await page.waitForURL(/\/sign-in/);
      await beginAs(page, email);
      await page.getByRole("button", { name: "Use a passkey" }).click();
      await page.waitForURL(at("/dashboard"));
      await page.goto(at("/dashboard/settings/two-factor"));
      await page.getByRole("button", { name: "Don’t ask for it" }).click();
      await page.getByRole("button", { name: "Ask for a passkey after the password" }).waitFor();
      await page.getByRole("button", { name: "Sign out", exact: true }).click();
      await page.waitForURL(/\/sign-in/);
      await beginAs(page, email);
      await page.waitForURL(at("/dashboard"));
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("sign-in by mail: the link signs in where it was asked for, and the tab that waits goes along", async () => {
      const { email } = await member();
      const { context, page, complaints } = await open();
      const link = linkIn(await askForMail(page, email));
      assert.ok(link.startsWith(at("/sign-in/link?token=")), link);
      // A scanner looks first, and uses nothing up.
      assert.equal((await fetch(link)).status, 200);
      const other = await context.newPage();
      await other.goto(link);
      await other.getByText(`One click signs you in to ${email}.`).waitFor();
      assert.equal(await cookie(context, "doorward_refresh"), undefined, "not before the click");
      await other.getByRole("button", { name: "Sign in", exact: true }).click();
      await other.waitForURL(at("/dashboard/settings?x=1"));
      await page.waitForURL(at("/dashboard/settings?x=1"), { timeout: HANG }).catch(() => page.reload());
      await page.waitForURL(at("/dashboard/settings?x=1"));
      await page.getByText("this one").waitFor();

      await other.goto(link);
      await other.getByText("works once, in the browser where you asked for it").waitFor();
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("sign-in by mail: the code is typed, and no token is told to the page", async () => {
      const { email } = await member();
      const { context, page, complaints } = await open();
      const told = [];
      page.on("response", async (response) => {
        if (response.url().includes("/v1/sign-in/email")) told.push(await response.text());
      });
      await askForMail(page, email);
      await page.getByRole("button", { name: "Send it again" }).click();
      await page.getByRole("button", { name: "Sent again" }).waitFor();
      // A page that is loaded anew still knows what it waits for.
      await page.reload();
      await page.getByLabel("Six-digit code").fill("000000");
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.locator(".alert").waitFor();
      assert.ok((await context.cookies()).find(({ name }) => name === "doorward_flow").httpOnly);
      assert.equal(await cookie(context, "doorward_refresh"), undefined);
      await eventually(async () => {
        await page.getByLabel("Six-digit code").fill(codeIn(await stand.server.mail(email, "sign in to")));
        await page.getByRole("button", { name: "Sign in", exact: true }).click();
        await page.waitForURL(at("/dashboard/settings?x=1"), { timeout: 2000 });
      });
      assert.ok(told.length >= 4 && told.every((text) => !/flow_token|access_token|refresh_token|dw_rt_/.test(text)), told.join("\n"));
      assert.equal(await page.evaluate(() => localStorage.getItem("mail-sign-in")), null, "nothing of it is left behind");
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("sign-in by mail: in another browser the link signs nobody in, and says what to do", async () => {
      const { email } = await member();
      const { context, page } = await open();
      const mail = await askForMail(page, email);
      // Whoever else is signed in there reads it as well.
      for (const elsewhere of [await open(), await member()]) {
        const before = await cookie(elsewhere.context, "doorward_refresh");
        await elsewhere.page.goto(linkIn(mail));
        await elsewhere.page.getByText("Type the six-digit code of the mail there").waitFor();
        assert.equal(await elsewhere.page.getByRole("button", { name: "Sign in", exact: true }).count(), 0);
        assert.equal(await cookie(elsewhere.context, "doorward_refresh"), before);
        await elsewhere.context.close();
      }
      // Who waits for a mail of their own there is told by Doorward.
      const waiting = await open();
      await askForMail(waiting.page, (await member()).email);
      await waiting.page.goto(linkIn(mail));
      await waiting.page.getByRole("button", { name: "Sign in", exact: true }).click();
      await waiting.page.getByText("asked for in another browser").waitFor();
      await waiting.page.getByRole("link", { name: "Ask for a mail here" }).waitFor();
      assert.equal(await cookie(waiting.context, "doorward_refresh"), undefined);
      await waiting.context.close();

      await page.getByLabel("Six-digit code").fill(codeIn(mail));
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.waitForURL(at("/dashboard/settings?x=1"));
      await context.close();
    });

    it("SMS: a number is added in the settings, replaced and removed", async () => {
      const { context, page, complaints } = await member();
      const [mistyped, number] = [freshNumber(), freshNumber()];
      const send = async (to) => {
        await page.getByRole("textbox", { name: "Phone number" }).fill(to);
        await page.getByRole("button", { name: "Send me a code" }).click();
      };
      await page.goto(at("/dashboard/settings/two-factor"));
      await send("0664 123");
      await page.locator(".fault").waitFor();
      await send(mistyped);
      await page.getByText(`We sent a code to ${mistyped}`).waitFor();
      await page.getByRole("button", { name: "Use another number" }).click();
      await send(number);
      await page.getByText(`We sent a code to ${number}`).waitFor();
      // A page that is loaded anew still knows what it waits for.
      await page.reload();
      await page.getByLabel("Six-digit code").fill("000000");
      await page.getByRole("button", { name: "Verify the number" }).click();
      await page.locator(".alert").waitFor();
      await page.getByLabel("Six-digit code").fill(await sms.codeTo(number));
      await page.getByRole("button", { name: "Verify the number" }).click();
      await page.getByRole("button", { name: "I have kept them" }).click();
      await page.getByText(`a code by SMS goes to ${number}`).waitFor();
      await page.goto(at("/private"));
      await page.getByText("signed in with two factors").waitFor();

      const second = freshNumber();
      await page.goto(at("/dashboard/settings/two-factor"));
      await page.getByText("Use another number…").click();
      await send(second);
      await page.getByLabel("Six-digit code").fill(await sms.codeTo(second));
      await page.getByRole("button", { name: "Verify the number" }).click();
      await page.getByText(`a code by SMS goes to ${second}`).waitFor();
      await page.getByText("Remove…").click();
      await page.getByRole("button", { name: "Yes, remove the number" }).click();
      await page.getByText("numbers can be taken over").waitFor();
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("SMS: takes the second step, after the password and after a mail", async () => {
      const { email, number, context: before } = await reachable();
      await before.close();
      const { context, page, complaints } = await open();
      await beginAs(page, email, "/private");
      await page.waitForURL(at("/second-step?redirect_to=%2Fprivate"));
      await page.getByRole("button", { name: "Send me a code" }).click();
      await page.getByLabel("Code of the SMS").fill("000000");
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.locator(".alert").waitFor();
      assert.equal(await cookie(context, "doorward_refresh"), undefined);
      await page.getByLabel("Code of the SMS").fill(await sms.codeTo(number));
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.waitForURL(at("/private"));
      await page.getByText("signed in with two factors").waitFor();
      await page.getByRole("button", { name: "Sign out", exact: true }).click();
      await page.waitForURL(/\/sign-in/);

      const mail = await askForMail(page, email, "/private");
      await page.getByLabel("Six-digit code").fill(codeIn(mail));
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.waitForURL(at("/second-step?redirect_to=%2Fprivate"));
      assert.equal(await cookie(context, "doorward_refresh"), undefined);
      await page.getByRole("button", { name: "Send me a code" }).click();
      await page.getByRole("button", { name: "Send another code" }).waitFor();
      await page.getByLabel("Code of the SMS").fill(await sms.codeTo(number));
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.waitForURL(at("/private"));
      assert.deepEqual(complaints, []);
      await context.close();
    });

    it("SMS: confirms that it is the same person, where the session has one factor", async () => {
      const { context, page, email, post } = await member();
      const elsewhere = await open();
      await beginAs(elsewhere.page, email);
      await elsewhere.page.waitForURL(at("/dashboard"));
      const number = freshNumber();
      assert.equal((await post("/v1/me/phone", { phone_number: number })).status(), 202);
      assert.equal((await post("/v1/me/phone/verify", { code: await sms.codeTo(number) })).status(), 200);
      const { page: old } = elsewhere;
      await old.goto(at("/dashboard/settings"));
      await old.getByRole("button", { name: "Download my data" }).click();
      await old.waitForURL(/\/reauthenticate/);
      await old.getByRole("button", { name: "Send me a code" }).click();
      await old.getByLabel("Code of the SMS").fill(await sms.codeTo(number));
      await old.getByRole("button", { name: "Confirm" }).click();
      await old.waitForURL(at("/dashboard/settings"));
      await page.goto(at("/dashboard"));
      await elsewhere.context.close();
      await context.close();
    });

    it("recovery: a banner tells whoever is signed in, and cancels it", async () => {
      const { context, page, email, complaints } = await careful();
      const banner = page.getByRole("region", { name: "A recovery of your account" });
      await page.goto(at("/dashboard"));
      await page.getByRole("button", { name: "Keep it" }).waitFor();
      assert.equal(await banner.count(), 0);

      const elsewhere = await open();
      await beginAs(elsewhere.page, email);
      await elsewhere.page.getByRole("button", { name: "I have lost all of them" }).click();
      await elsewhere.page.getByRole("button", { name: "Begin the wait" }).click();
      await elsewhere.page.locator(".notice time").waitFor();
      for (const to of ["/billing", "/dashboard"]) {
        await page.goto(at(to));
        await banner.getByText("Somebody says that you have lost your second factor.").waitFor();
      }
      await banner.getByRole("button", { name: "Keep my second factor" }).click();
      await page.getByText("your second factor stays").waitFor();
      await page.getByRole("link", { name: "choose a new one" }).click();
      await page.waitForURL(at("/dashboard/settings"));
      await page.goto(at("/dashboard"));
      await page.getByRole("button", { name: "Keep it" }).waitFor();
      await page.waitForLoadState("networkidle");
      assert.equal(await banner.count(), 0);
      assert.deepEqual(complaints, []);
      await elsewhere.context.close();
      await context.close();
    });

    it("what Doorward does not offer is not shown", async () => {
      const app = await stand.another({ DOORWARD_SIGN_IN__EMAIL: "false" });
      try {
        const { context, page } = await open();
        await page.goto(`${app.url}/sign-in`);
        await page.getByRole("link", { name: "Forgot your password?" }).waitFor();
        assert.equal(await page.getByRole("link", { name: "Sign in by mail" }).count(), 0);
        await page.goto(`${app.url}/sign-in/email`);
        await page.getByText("There is nothing here").waitFor();
        await context.close();
      } finally {
        await app.stop();
      }
    });

    it("without a provider of SMS nobody adds a number, and one from before can be taken away", async () => {
      const [without, owner] = [await member(), await reachable()];
      await withSettings({ DOORWARD_SMS__PROVIDER: undefined }, async () => {
        await without.page.goto(at("/dashboard/settings/two-factor"));
        await without.page.getByRole("button", { name: "Set up an authenticator app" }).waitFor();
        assert.equal(await without.page.getByRole("heading", { name: "Phone number" }).count(), 0);
        await owner.page.goto(at("/dashboard/settings/two-factor"));
        await owner.page.getByText("No codes are sent by SMS any more.").waitFor();
        await owner.page.getByText("Remove…").click();
        await owner.page.getByRole("button", { name: "Yes, remove the number" }).click();
        await owner.page.getByRole("heading", { name: "Phone number" }).waitFor({ state: "detached" });
        await Promise.all([without.context.close(), owner.context.close()]);
      });
    });

    it("headers that a client makes up let nobody in", async () => {
      for (const headers of [
        { "x-middleware-subrequest": "proxy:proxy:proxy:proxy:proxy" },
        { "x-middleware-subrequest": "middleware:middleware:middleware:middleware:middleware" },
        { "x-middleware-next": "1" },
        { "x-middleware-override-headers": "cookie", "x-middleware-request-cookie": "doorward_access=x" },
        { "x-doorward-session": "{}", "x-doorward-path": "/dashboard", "x-auth-subject": "user_1" },
        { "x-forwarded-host": "evil.example", host: "evil.example" },
        { "next-action": "x" },
        { authorization: "Bearer x" },
      ]) {
        const answer = await fetch(at("/api/me"), { headers, redirect: "manual" });
        assert.equal(answer.status, 401, JSON.stringify(headers));
        const page = await fetch(at("/dashboard"), { headers: { ...headers, accept: "text/html" }, redirect: "manual" });
        assert.equal(page.status, 307, JSON.stringify(headers));
        assert.ok(!page.headers.get("location").includes("evil.example"), page.headers.get("location"));
      }
    });

    it("programs are answered with problems, and never with a redirect", async () => {
      const answer = await fetch(at("/api/me"), { redirect: "manual" });
      assert.equal(answer.status, 401);
      assert.match(answer.headers.get("content-type"), /application\/problem\+json/);
      assert.equal((await answer.json()).code, "not_authenticated");
    });

    it("a browser that says no site is judged by its origin, whole", async () => {
      const { context, email } = await member();
      const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
      const post = async (path, data, origin) => {
        const headers = { "content-type": "application/json", cookie, origin };
        return (await fetch(at(path), { method: "POST", headers, body: JSON.stringify(data) })).status;
      };
      const data = { identifier: email, password: PASSWORD };
      assert.deepEqual([await post("/api/me", {}, stand.url), await post("/api/auth/v1/sign-in", data, stand.url)], [200, 200]);
      for (const origin of [stand.url.replace("http:", "https:"), "http://localhost", "https://evil.example", "null"]) {
        assert.deepEqual([await post("/api/me", {}, origin), await post("/api/auth/v1/sign-in", data, origin)], [403, 403], origin);
      }
      await context.close();
    });

    it("while Doorward is down nobody is let in, nobody is led to sign-in, and nothing is lost", async () => {
      const { context, page } = await member();
      const before = await context.cookies();
      await page.goto(at("/dashboard"));
      assert.equal((await context.request.get(at("/api/me"))).status(), 200);
      await stand.server.end();
      assert.equal((await context.request.get(at("/api/me"))).status(), 200, "while the token is good nobody is asked");
      await lose(context);
      const down = await context.request.get(at("/dashboard"), { maxRedirects: 0 });
      assert.deepEqual([down.status(), Boolean(down.headers()["retry-after"])], [503, true]);
      assert.equal((await context.request.get(at("/api/me"))).status(), 503);
      // Neither an action nor a gate that the proxy does not know of takes somebody for nobody.
      await page.getByLabel("A new note").fill("Through an outage.");
      await answerTo(page, "Keep it");
      const trouble = page.getByText("You are still signed in.");
      await trouble.waitFor();
      await page.goto(at("/private"));
      await trouble.waitFor();
      assert.equal(path(page), `${stand.base}/private`);
      const kept = await cookie(context, "doorward_refresh");
      assert.equal(kept, before.find(({ name }) => name === "doorward_refresh").value, "no cookie is lost");
      await stand.server.begin();
      const response = await page.goto(at("/dashboard"));
      assert.equal(response.status(), 200);
      await page.getByRole("button", { name: "Keep it" }).waitFor();
      await context.close();
    });

    it("Doorward stops and starts under traffic: nothing is lost", async () => {
      const visitors = await Promise.all(Array.from({ length: 12 }, () => member()));
      const paths = ["/dashboard", "/api/me", "/billing", "/dashboard/settings"];
      /** Two requests at once, each with a token that has run out. */
      const ask = async ({ context }, turn) => {
        await lose(context);
        const two = [paths[turn % paths.length], paths[(turn + 1) % paths.length]];
        const answers = await Promise.all(two.map((to) => context.request.get(at(to), { maxRedirects: 0, ...AGAIN })));
        assert.ok(await cookie(context, "doorward_refresh"), "no cookie is lost");
        return answers.map((answer) => answer.status());
      };
      const seen = new Map();
      let isOver = false;
      const traffic = visitors.map(async (visitor) => {
        for (let turn = 0; !isOver; turn++) {
          for (const status of await ask(visitor, turn)) seen.set(status, (seen.get(status) ?? 0) + 1);
        }
      });
      const stops = (async () => {
        for (let round = 0; round < 2; round++) {
          await wait(1000);
          await stand.server.end();
          await wait(700);
          await stand.server.begin();
        }
        await wait(1000);
      })().finally(() => (isOver = true));
      await Promise.all([stops, ...traffic]);
      assert.deepEqual([...seen.keys()].sort(), [200, 503], JSON.stringify([...seen]));
      for (const visitor of visitors) {
        for (const turn of [0, 2]) assert.deepEqual(await ask(visitor, turn), [200, 200]);
        await visitor.context.close();
      }
    });

    it("Next itself has nothing to complain about", async () => {
      assert.doesNotMatch(await stand.log(), /Error: Route|encountered|Warning:|Unhandled/);
      assert.doesNotMatch(await stand.buildLog(), COMPLAINT);
    });

    // What `next dev` warns of are the rules of `cacheComponents`, which the first lane keeps.
    // One lane is enough for what is said about the sources.
    if (lane === FIRST) it("nor while its developer looks at every page", async () => {
      const { context } = await member();
      const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
      const pages = await stand.pages();
      assert.ok(pages.includes("/") && pages.includes("/sign-in") && pages.length > 10, pages.join(" "));
      const app = await stand.develop();
      try {
        for (const path of pages) {
          const looks = [{}, { cookie }].map((headers) => fetch(`${app.url}${path}?token=x`, { headers: { accept: "text/html", ...headers } }));
          for (const look of await Promise.all(looks)) {
            assert.equal(look.status, 200, path);
            await look.text();
          }
        }
        // It goes on judging a page that it has sent already.
        await wait(500);
        assert.doesNotMatch(await app.log(), COMPLAINT);
      } finally {
        await app.stop();
      }
      await context.close();
    });

    it("every page is good to look at", async (t) => {
      // The styles are the same in all lanes.
      const looks = lane === FIRST ? LOOKS : LOOKS.slice(0, 1);
      for (const look of looks) {
        await t.test(look.name, async () => {
          const { context, page, complaints, email } = await member(look);
          const judge = async (name) => {
            await assertGood(page, `${name} ${look.name}`);
            await picture(page, `nextjs-${name}-${look.name}`);
          };
          for (const [name, to, text] of [
            ["notes", "/dashboard", "A new note"],
            ["settings", "/dashboard/settings", "this one"],
            ["billing", "/billing", "costs nothing"],
            ["forbidden", "/forbidden", "not for you"],
            ["reauthenticate", "/reauthenticate", "your last sign-in was"],
            ["two-factor", "/dashboard/settings/two-factor", "asked for when you sign in"],
            ["needs-two", "/reauthenticate?acr=aal2", "Set up a second factor"],
          ]) {
            await page.goto(at(to));
            await page.getByText(text).first().waitFor();
            await judge(name);
          }
          await page.goto(at("/dashboard/settings/two-factor"));
          await page.getByRole("button", { name: "Set up an authenticator app" }).click();
          const secret = await secretOn(page);
          await judge("set-up");
          await page.getByLabel("Code of the app").fill(totp(secret));
          await page.getByRole("button", { name: "Confirm" }).click();
          await page.getByRole("heading", { name: "Your backup codes" }).waitFor();
          await judge("backup-codes");
          await page.getByRole("button", { name: "I have kept them" }).click();
          const number = freshNumber();
          await page.getByRole("textbox", { name: "Phone number" }).fill(number);
          await page.getByRole("button", { name: "Send me a code" }).click();
          await page.getByText(`We sent a code to ${number}`).waitFor();
          await judge("phone-code");
          await page.getByLabel("Six-digit code").fill(await sms.codeTo(number));
          await page.getByRole("button", { name: "Verify the number" }).click();
          await page.getByText(`a code by SMS goes to ${number}`).waitFor();
          for (const summary of await page.locator("summary").filter({ hasText: /^(Remove|Use another number)…$/, visible: true }).all()) {
            await summary.click();
          }
          await judge("two-factor-on");
          await page.goto(at("/private"));
          await page.getByText("signed in with two factors").waitFor();
          await judge("private");
          await page.goto(at("/reauthenticate"));
          await page.getByLabel("Code of the app").waitFor();
          await judge("confirm-by-code");
          const signedIn = await context.cookies();
          await context.clearCookies();
          await beginAs(page, email);
          await page.getByLabel("Code of the app").waitFor();
          await judge("second-step");
          await page.getByRole("button", { name: "Get a code by SMS" }).click();
          await judge("second-step-sms");
          await page.getByRole("button", { name: "Send me a code" }).click();
          await page.getByLabel("Code of the SMS").waitFor();
          await judge("second-step-sms-sent");
          await page.getByRole("button", { name: "I have lost all of them" }).click();
          await judge("lost");
          await page.getByRole("button", { name: "Begin the wait" }).click();
          await page.locator(".notice").waitFor();
          await judge("waits");
          await context.addCookies(signedIn);
          await page.goto(at("/dashboard"));
          await page.getByRole("button", { name: "Keep my second factor" }).waitFor();
          await judge("recovery-banner");
          await page.getByRole("button", { name: "Keep my second factor" }).click();
          await page.getByText("your second factor stays").waitFor();
          await judge("recovery-cancelled");
          await context.clearCookies();
          const mail = await askForMail(page, email);
          await judge("mail-code");
          await page.goto(linkIn(mail));
          await page.getByText("One click").waitFor();
          await judge("mail-link");
          await page.evaluate(() => localStorage.clear());
          for (const [name, to, text] of [
            ["landing", "/", "Start writing"],
            ["sign-in", "/sign-in", "Forgot your password?"],
            ["sign-up", "/sign-up", "I have an account"],
            ["by-mail", "/sign-in/email", "without a password"],
            ["mail-elsewhere", "/sign-in/link?token=x", "It waits for you"],
            ["forgot", "/forgot-password", "Back to sign-in"],
            ["reset", "/reset-password?token=x", "signed out everywhere"],
            ["verify", "/verify-email?token=x", "one click away"],
            ["not-me", "/not-me?token=x", "Sign everybody out"],
            ["undo-email", "/undo-email?token=x", "a link for a new one"],
            ["keep-factor", "/recovery/cancel?token=x", "nothing is removed"],
            ["remove-factor", "/recovery/complete?token=x", "signs everybody out"],
          ]) {
            await page.goto(at(to));
            await page.getByText(text).first().waitFor();
            await judge(name);
          }
          assert.deepEqual(complaints, []);
          await context.close();
        });
      }
    });
  });
}
