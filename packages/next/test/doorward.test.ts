// The package against the real server: `DOORWARD_TEST_PROGRAM=…/target/debug/doorward npm test`.

import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { NextRequest } from "next/server.js";
import { createAuthProxy } from "../src/proxy/index.js";
import { createAuthOn, type Auth } from "../src/server/auth.js";
import { feedOf } from "../src/server/revocations.js";
import { applySetCookies } from "../src/shared/cookies.js";
import { DoorwardUnavailable } from "../src/shared/doorward.js";
import { settingsOf } from "../src/shared/settings.js";
import type { PageGates } from "../src/server/gates.js";
import type { CurrentSession, Session } from "../src/types.js";
import { Doorward } from "./support/doorward.js";
import { totp } from "./support/totp.js";

const program = process.env["DOORWARD_TEST_PROGRAM"];
const APP = "http://localhost:3000";
const PASSWORD = "correct horse battery staple";
const SECRET = "a secret that both of them know, 1234567890";

class Redirected extends Error {}

describe("with the real server", { skip: !program && "DOORWARD_TEST_PROGRAM is not set" }, () => {
  let doorward: Doorward;
  before(async () => {
    doorward = new Doorward(program!, APP, {
      DOORWARD_HTTP__PROXY_SECRET: SECRET,
      DOORWARD_SESSION__ACCESS_TOKEN_TTL: "10s",
      DOORWARD_PASSWORD__MEMORY_KIB: "19456",
      DOORWARD_PASSWORD__PASSES: "2",
      DOORWARD_PASSWORD__LANES: "1",
    });
    await doorward.start();
  });
  after(() => doorward?.end());

  const options = () => ({ url: doorward.url, publicUrl: APP, proxySecret: SECRET });

  /** An app as one process of Next runs it: the proxy, then what it hands on. */
  function app(more: { serviceKey?: string; timeout?: number } = {}) {
    const proxy = createAuthProxy({ ...options(), ...more, protected: ["/dashboard", "/admin"], authPages: ["/sign-in"], afterSignIn: "/dashboard" });
    const current = new AsyncLocalStorage<Headers>();
    const redirect = (path: string): never => {
      throw new Redirected(path);
    };
    const auth = createAuthOn<string, string>({ headers: async () => current.getStore()!, redirect }, { ...options(), ...more });
    /** Within a request with these headers. */
    const within = <T>(headers: Headers, what: (auth: Auth) => Promise<T>): Promise<T> => current.run(headers, () => what(auth));
    return { proxy, within, handlers: auth.handlers };
  }

  /** A browser with its cookies. */
  class Browser {
    cookies = "";
    headers: Record<string, string> = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" };
    constructor(readonly of = app()) {}

    take(response: Response): Response {
      this.cookies = applySetCookies(this.cookies, response.headers.getSetCookie());
      return response;
    }

    request(path: string, init: { method?: string; body?: string; headers?: Record<string, string> } = {}): NextRequest {
      return new NextRequest(APP + path, { ...init, headers: { cookie: this.cookies, ...this.headers, ...init.headers } });
    }

    async api(method: "GET" | "POST" | "DELETE", path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
      const json = body && { body: JSON.stringify(body) };
      const type: Record<string, string> = body ? { "content-type": "application/json" } : {};
      const request = this.request(`/api/auth${path}`, { method, ...json, headers: { ...type, "sec-fetch-site": "same-origin", origin: APP, ...headers } });
      const all = path.split("?")[0]!.slice(1).split("/");
      return this.take(await this.of.handlers[method](request, { params: Promise.resolve({ all }) }));
    }

    async signUp(email: string): Promise<void> {
      assert.equal((await this.api("POST", "/v1/sign-up", { email, password: PASSWORD })).status, 202);
      const verified = await this.api("POST", "/v1/email/verify", { email, code: await doorward.code(email) });
      assert.equal(verified.status, 200);
    }

    /** What becomes of a page: its session, where it leads, or the status that stands in its place. */
    async visit(path: string, gates: PageGates = {}): Promise<{ user?: string; to?: string; status?: number }> {
      const response = this.take(await this.of.proxy(this.request(path)));
      const to = response.headers.get("location");
      if (to) return { to: to.replace(APP, "") };
      if (response.headers.get("x-middleware-next") !== "1") return { status: response.status };
      // What Next makes of the answer.
      const headers = new Headers();
      for (const name of response.headers.get("x-middleware-override-headers")!.split(",")) {
        headers.set(name, response.headers.get(`x-middleware-request-${name}`) ?? "");
      }
      if (path.startsWith("/sign-in")) return { status: 200 };
      try {
        return { user: (await this.of.within(headers, (auth) => auth.requireSession(gates))).userId };
      } catch (error) {
        if (error instanceof Redirected) return { to: error.message };
        throw error;
      }
    }

    /** Where no proxy stands before it. */
    auth(): Promise<Session | null> {
      return this.of.within(new Headers({ cookie: this.cookies }), ({ auth }) => auth());
    }

    /** As the browser forgets it when its `Max-Age` has passed. */
    forgetAccess(): void {
      this.cookies = applySetCookies(this.cookies, ["doorward_access="]);
    }

    get token(): string {
      return /doorward_access=([^;]+)/.exec(this.cookies)?.[1] ?? "";
    }
  }

  /** Tries for so many milliseconds: another process has done something, and Doorward hears of it within a second. */
  async function within(time: number, attempt: () => Promise<void>): Promise<void> {
    const started = performance.now();
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (performance.now() - started > time) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  async function signedIn(email: string, of = app()): Promise<Browser> {
    const browser = new Browser(of);
    await browser.signUp(email);
    return browser;
  }

  let early: Browser;
  let since: number;
  test("signs up, in and out through the handlers", async () => {
    early = await signedIn("early@example.com");
    since = Date.now();
    const browser = await signedIn("ada@example.com");
    assert.match((await browser.visit("/dashboard")).user!, /^user_/);
    assert.match((await browser.visit("/dashboard", { fresh: true })).user!, /^user_/);
    assert.deepEqual(await browser.visit("/admin", { role: "admin" }), { to: "/forbidden" });
    assert.deepEqual(await browser.visit("/sign-in"), { to: "/dashboard" });
    assert.equal((await browser.api("POST", "/v1/sign-out")).status, 204);
    assert.doesNotMatch(browser.cookies, /doorward_(access|refresh)/);
    assert.deepEqual(await browser.visit("/dashboard"), { to: "/sign-in?redirect_to=%2Fdashboard" });
    assert.equal((await browser.api("POST", "/v1/sign-in", { identifier: "ada@example.com", password: PASSWORD })).status, 200);
    assert.match((await browser.visit("/dashboard")).user!, /^user_/);
  });

  test("asks what somebody may do at this moment, by role and by permission", async () => {
    const browser = await signedIn("admin@example.com");
    const forbidden = { to: "/forbidden" };
    const reader = { permission: "users:read" };
    assert.deepEqual(await browser.visit("/admin", reader), forbidden);
    // The last administrator can't be taken away.
    for (const email of ["early@example.com", "admin@example.com"]) doorward.command("user", "grant", email, "admin");
    const may = async (gates: PageGates) => assert.match((await browser.visit("/admin", gates)).user ?? "nobody", /^user_/);
    await within(1500, () => may(reader));
    await may({ permission: ["users:read", "audit:read"], role: "admin" });
    assert.deepEqual(await browser.visit("/admin", { permission: ["users:read", "users:devour"] }), forbidden);
    assert.deepEqual(await browser.visit("/admin", { ...reader, role: "owner" }), forbidden);
    doorward.command("user", "revoke", "admin@example.com", "admin");
    await within(1500, async () => assert.deepEqual(await browser.visit("/admin", reader), forbidden));
  });

  test("keeps Doorward's own check of other sites", async () => {
    const browser = await signedIn("csrf@example.com");
    const refused = async (headers: Record<string, string>) => {
      const response = await browser.api("POST", "/v1/sign-out", undefined, headers);
      return response.status === 403 && ((await response.json()) as { code: string }).code === "cross_site_refused";
    };
    assert.ok(await refused({ "sec-fetch-site": "cross-site", origin: "https://evil.example" }));
    assert.ok(await refused({ "sec-fetch-site": "same-site", origin: "http://localhost:5000" }));
    assert.ok(await refused({ "sec-fetch-site": "cross-site", origin: APP }));
    const old = (origin: string) => browser.request("/api/auth/v1/sign-out", { method: "POST", headers: { origin } });
    const { handlers } = browser.of;
    const params = Promise.resolve({ all: ["v1", "sign-out"] });
    assert.equal((await handlers.POST(old("null"), { params })).status, 403);
    assert.equal((await handlers.POST(old("https://evil.example"), { params })).status, 403);
    assert.match((await browser.visit("/dashboard", { fresh: true })).user!, /^user_/);
    // Browsers without fetch metadata, on a page of the app, by a name that Doorward does not know, and by the one that it does.
    const named = (origin: string) => browser.request("/api/auth/v1/reauthenticate", { method: "POST", body: JSON.stringify({ password: PASSWORD }), headers: { origin, host: "192.168.1.5:3000", "content-type": "application/json" } });
    const reauthenticate = { params: Promise.resolve({ all: ["v1", "reauthenticate"] }) };
    assert.equal((await handlers.POST(named("http://192.168.1.5:3001"), reauthenticate)).status, 403);
    assert.equal(browser.take(await handlers.POST(named("http://192.168.1.5:3000"), reauthenticate)).ok, true);
    assert.equal((await handlers.POST(old(APP), { params })).status, 204);
  });

  test("believes the address that the nearest proxy wrote down, and no other", async () => {
    const browser = new Browser();
    browser.headers = { ...browser.headers, "x-forwarded-for": "6.6.6.6, 203.0.113.7", "x-doorward-client-ip": "6.6.6.6", "x-doorward-proxy-secret": "guess", "x-real-ip": "6.6.6.6" };
    await browser.signUp("address@example.com");
    const { session } = (await (await browser.api("GET", "/v1/session")).json()) as CurrentSession;
    assert.equal(session.ip, "203.0.113.7");
    assert.equal(session.device.browser, "Firefox");
  });

  test("serves twenty requests at once with one expired token, from two processes", async () => {
    const browser = await signedIn("twenty@example.com");
    browser.forgetAccess();
    const [one, two] = [app(), app()];
    const tabs = Array.from({ length: 20 }, (_, at) => Object.assign(new Browser(at % 2 ? one : two), { cookies: browser.cookies }));
    const pages = await Promise.all(tabs.map((tab) => tab.visit("/dashboard", { fresh: true })));
    for (const page of pages) assert.match(page.user ?? JSON.stringify(page), /^user_/);
    assert.equal(new Set(tabs.map(({ cookies }) => /doorward_refresh=([^;]+)/.exec(cookies)?.[1])).size, 1);
    tabs[0]!.forgetAccess();
    assert.match((await tabs[0]!.visit("/dashboard", { fresh: true })).user!, /^user_/);
  });

  test("loses nobody over a lost answer", async () => {
    const browser = await signedIn("lost@example.com");
    browser.forgetAccess();
    doorward.lose = { path: "/v1/token/refresh", times: 1 };
    assert.match((await browser.visit("/dashboard")).user!, /^user_/);
    // Both tries, and then the visitor's own next one.
    browser.forgetAccess();
    doorward.lose.times = 2;
    const before = browser.cookies;
    assert.deepEqual(await browser.visit("/dashboard"), { status: 503 });
    assert.equal(browser.cookies, before);
    assert.match((await browser.visit("/dashboard", { fresh: true })).user!, /^user_/);
  });

  test("answers 503 while the server is down, keeps the cookies, and goes on afterwards", async () => {
    const browser = await signedIn("down@example.com");
    const good = Object.assign(new Browser(browser.of), { cookies: browser.cookies });
    await good.visit("/dashboard");
    browser.forgetAccess();
    await doorward.stop();
    try {
      const before = browser.cookies;
      for (let round = 0; round < 5; round++) assert.deepEqual(await browser.visit("/dashboard"), { status: 503 });
      // As well where the proxy knows of no gate, and the page has one.
      await assert.rejects(browser.visit("/notes"), DoorwardUnavailable);
      assert.equal(browser.cookies, before);
      assert.match((await good.visit("/dashboard")).user!, /^user_/);
      assert.equal((await browser.api("GET", "/v1/session")).status, 503);
    } finally {
      await doorward.start();
    }
    assert.match((await browser.visit("/dashboard", { fresh: true })).user!, /^user_/);
  });

  test("sends nobody in a circle whose session was ended", async () => {
    const browser = await signedIn("circle@example.com");
    const other = new Browser();
    await other.api("POST", "/v1/sign-in", { identifier: "circle@example.com", password: PASSWORD });
    await other.api("POST", "/v1/sign-out/all");
    let path = "/dashboard";
    const seen: string[] = [];
    for (let round = 0; round < 10; round++) {
      const { to, status } = await browser.visit(path, { fresh: true });
      if (!to) {
        assert.equal(status, 200);
        break;
      }
      seen.push((path = to));
    }
    assert.deepEqual(seen, ["/sign-in?redirect_to=%2Fdashboard"]);
    assert.doesNotMatch(browser.cookies, /doorward_(access|refresh)/);
  });

  test("lets a late answer bring no ended session back", async () => {
    for (const end of ["/v1/sign-out", "/v1/sign-out/all"]) {
      const browser = await signedIn(`late${end.length}@example.com`);
      const before = browser.cookies;
      // As where the token has run out, and the browser has forgotten it.
      const leaving = Object.assign(new Browser(browser.of), { cookies: applySetCookies(before, ["doorward_access="]) });
      assert.equal((await leaving.api("POST", end)).status, 204);
      assert.doesNotMatch(leaving.cookies, /doorward_(access|refresh)/);
      leaving.cookies = `${before}; ${leaving.cookies}`;
      assert.equal(await leaving.auth(), null);
      assert.deepEqual(await leaving.visit("/dashboard"), { to: "/sign-in?redirect_to=%2Fdashboard" });
      assert.doesNotMatch(leaving.cookies, /doorward_(access|refresh)/);
      // Nothing of that touches who signs in next.
      const data = { identifier: `late${end.length}@example.com`, password: PASSWORD };
      assert.equal((await leaving.api("POST", "/v1/sign-in", data)).status, 200);
      assert.match((await leaving.visit("/dashboard")).user!, /^user_/);
      assert.ok(await leaving.auth());
    }
  });

  test("lets a late answer bring no session back that another sign-in took the place of", async () => {
    const bob = { identifier: "bob@example.com", password: PASSWORD };
    const careful = await signedIn("carol@example.com");
    await signedIn(bob.identifier);
    const { secret } = (await (await careful.api("POST", "/v1/me/totp")).json()) as { secret: string };
    assert.equal((await careful.api("POST", "/v1/me/totp/confirm", { code: totp(secret) })).status, 200);
    const enter = async (browser: Browser, path: string, form: object) => {
      const response = await browser.api("POST", path, form);
      assert.equal(response.status, 200, path);
      return (await response.json()) as { mfa_token: string };
    };
    const ways: Record<string, (browser: Browser) => Promise<unknown>> = {
      "a password": (browser) => enter(browser, "/v1/sign-in", bob),
      "a second step": async (browser) => {
        const { mfa_token } = await enter(browser, "/v1/sign-in", { ...bob, identifier: "carol@example.com" });
        return enter(browser, "/v1/sign-in/mfa", { mfa_token, method: "totp", code: totp(secret, 1) });
      },
      "a mail": async (browser) => {
        assert.equal((await browser.api("POST", "/v1/sign-in/email", { email: bob.identifier })).status, 202);
        return enter(browser, "/v1/sign-in/email/verify", { email: bob.identifier, code: await doorward.code(bob.identifier, "Sign in") });
      },
      "a sign-up": (browser) => browser.signUp("dave@example.com"),
    };
    let number = 0;
    for (const [way, signIn] of Object.entries(ways)) {
      const browser = await signedIn(`before${++number}@example.com`);
      const { user: before } = await browser.visit("/dashboard");
      const held = new Browser(browser.of);
      held.cookies = browser.cookies;
      // Its page renews, and is under way while somebody else signs in.
      held.forgetAccess();
      assert.equal((await held.visit("/dashboard")).user, before, way);
      browser.forgetAccess();
      await signIn(browser);
      const { user } = await browser.visit("/dashboard", { fresh: true });
      assert.ok(user && user !== before, way);
      browser.cookies = applySetCookies(browser.cookies, held.cookies.split("; "));
      assert.equal(await browser.auth(), null, way);
      assert.deepEqual(await browser.visit("/dashboard"), { to: "/sign-in?redirect_to=%2Fdashboard" }, way);
      assert.doesNotMatch(browser.cookies, /doorward_(access|refresh)/, way);
    }
  });

  test("lets a late answer bring no session back that was found to be over", async () => {
    const browser = await signedIn("reset@example.com");
    const before = browser.cookies;
    const other = new Browser();
    assert.equal((await other.api("POST", "/v1/password/forgot", { email: "reset@example.com" })).status, 202);
    const proof = { email: "reset@example.com", code: await doorward.code("reset@example.com", "password") };
    assert.equal((await other.api("POST", "/v1/password/reset", { ...proof, new_password: "another correct horse battery" })).status, 204);
    browser.forgetAccess();
    assert.deepEqual(await browser.visit("/dashboard"), { to: "/sign-in?redirect_to=%2Fdashboard" });
    assert.equal((await browser.api("POST", "/v1/sign-in", { identifier: "reset@example.com", password: "another correct horse battery" })).status, 200);
    browser.cookies = applySetCookies(browser.cookies, before.split("; "));
    assert.equal(await browser.auth(), null);
  });

  test("asks for the second step, and lets nobody in before", async () => {
    const json = async <T>(response: Response) => (await response.json()) as T;
    const browser = await signedIn("two@example.com");
    const vault = (one: Browser) => one.visit("/dashboard", { acr: "aal2" });
    const asked = { to: "/reauthenticate?redirect_to=%2Fdashboard&acr=aal2" };
    assert.deepEqual(await vault(browser), asked);
    const other = new Browser();
    const first = { identifier: "two@example.com", password: PASSWORD };
    assert.equal((await other.api("POST", "/v1/sign-in", first)).status, 200);

    const { secret } = await json<{ secret: string }>(await browser.api("POST", "/v1/me/totp"));
    const confirmed = await browser.api("POST", "/v1/me/totp/confirm", { code: totp(secret) });
    const { backup_codes: codes } = await json<{ backup_codes: string[] }>(confirmed);
    assert.match((await vault(browser)).user!, /^user_/, "its own session has two from now on");

    // A session from before is live, and not enough for what asks for more.
    assert.match((await other.visit("/dashboard", { fresh: true })).user!, /^user_/);
    assert.deepEqual(await vault(other), asked);
    assert.deepEqual(await other.visit("/dashboard", { reauthenticated: true }), { to: "/reauthenticate?redirect_to=%2Fdashboard" });
    assert.equal((await other.api("POST", "/v1/reauthenticate", { method: "backup_code", code: codes[0] })).status, 200);
    assert.match((await vault(other)).user!, /^user_/);

    const visitor = new Browser();
    const half = await visitor.api("POST", "/v1/sign-in", first);
    const { status, mfa_token } = await json<{ status: string; mfa_token: string }>(half);
    assert.equal(status, "mfa_required");
    assert.doesNotMatch(visitor.cookies, /doorward_(access|refresh)/);
    assert.deepEqual(await visitor.visit("/dashboard"), { to: "/sign-in?redirect_to=%2Fdashboard" });
    const wrong = await visitor.api("POST", "/v1/sign-in/mfa", { mfa_token, method: "backup_code", code: codes[0] });
    assert.deepEqual([wrong.status, (await json<{ code: string }>(wrong)).code], [400, "invalid_or_expired_code"]);
    assert.doesNotMatch(visitor.cookies, /doorward_(access|refresh)/);
    const code = totp(secret, 1);
    assert.equal((await visitor.api("POST", "/v1/sign-in/mfa", { mfa_token, method: "totp", code, trust_device: true })).status, 200);
    assert.match((await vault(visitor)).user!, /^user_/);

    // A trusted device is let in by the first factor, and is asked where it matters.
    await visitor.api("POST", "/v1/sign-out");
    const trusted = await visitor.api("POST", "/v1/sign-in", first);
    assert.equal((await json<{ status: string }>(trusted)).status, "signed_in");
    assert.deepEqual(await vault(visitor), asked);
    assert.equal((await visitor.api("DELETE", "/v1/me/totp")).status, 403);
    assert.equal((await browser.api("DELETE", "/v1/me/totp")).status, 204);
  });

  test("signs in by mail, in the browser that asked and in no other, and tells the page no token", async () => {
    await signedIn("post@example.com");
    const [browser, other] = [new Browser(), new Browser()];
    const asked = await browser.api("POST", "/v1/sign-in/email", { email: "post@example.com" });
    assert.deepEqual([asked.status, await asked.json()], [202, { expires_in: 600 }]);
    assert.match(asked.headers.get("set-cookie")!, /^doorward_flow=[^;]+;.*; HttpOnly; SameSite=Lax$/);
    const proof = { email: "post@example.com", code: await doorward.code("post@example.com", "Sign in") };
    assert.equal((await other.api("POST", "/v1/sign-in/email/verify", proof)).status, 400);
    assert.equal(other.cookies, "");
    const entered = await browser.api("POST", "/v1/sign-in/email/verify", proof);
    assert.deepEqual([entered.status, Object.keys((await entered.json()) as object).sort()], [200, ["expires_in", "session", "status", "user"]]);
    assert.match((await browser.visit("/dashboard", { fresh: true })).user!, /^user_/);
  });

  test("says when a lost second factor can be removed, and takes that back", async () => {
    const browser = await signedIn("loser@example.com");
    const { secret } = (await (await browser.api("POST", "/v1/me/totp")).json()) as { secret: string };
    assert.equal((await browser.api("POST", "/v1/me/totp/confirm", { code: totp(secret) })).status, 200);
    const visitor = new Browser();
    const half = await visitor.api("POST", "/v1/sign-in", { identifier: "loser@example.com", password: PASSWORD });
    const { mfa_token } = (await half.json()) as { mfa_token: string };
    const lost = await visitor.api("POST", "/v1/recovery", { mfa_token });
    assert.equal(lost.status, 202);
    assert.ok(Date.parse(((await lost.json()) as { ready_at: string }).ready_at) > Date.now());
    assert.equal((await browser.api("POST", "/v1/recovery/cancel")).status, 204);
    assert.equal((await browser.api("POST", "/v1/recovery/cancel")).status, 404);
  });

  test("takes no token that was tampered with", async () => {
    const browser = await signedIn("tricks@example.com");
    const [header = "", payload = "", signature = ""] = browser.token.split(".");
    const read = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>;
    const write = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const { keys } = (await (await fetch(`${doorward.url}/.well-known/jwks.json`)).json()) as { keys: object[] };
    const hmac = `${write({ ...read(header), alg: "HS256" })}.${payload}`;
    const refresh = /doorward_refresh=([^;]+)/.exec(browser.cookies)![1]!;
    const tricks = {
      none: `${write({ ...read(header), alg: "none" })}.${payload}.`,
      "none, signed": `${write({ ...read(header), alg: "none" })}.${payload}.${signature}`,
      HS256: `${hmac}.${createHmac("sha256", JSON.stringify(keys[0])).update(hmac).digest("base64url")}`,
      "another subject": `${header}.${write({ ...read(payload), sub: "user_0198a7c2f3b47c1e9d5a6b7c8d9e0f10" })}.${signature}`,
      "a longer life": `${header}.${write({ ...read(payload), exp: 4_000_000_000 })}.${signature}`,
      "another type": `${write({ ...read(header), typ: "JWT" })}.${payload}.${signature}`,
      "cut short": browser.token.slice(0, -1),
      "without a signature": `${header}.${payload}.`,
      "the refresh token": refresh,
    };
    for (const [name, token] of Object.entries(tricks)) {
      const attacker = Object.assign(new Browser(), { cookies: `doorward_access=${token}` });
      assert.deepEqual(await attacker.visit("/dashboard"), { to: "/sign-in?redirect_to=%2Fdashboard" }, name);
      assert.equal(await attacker.auth(), null, name);
    }
    assert.match((await browser.visit("/dashboard")).user!, /^user_/);
  });

  test("hears of an ended session within a second, where it listens", async () => {
    const serviceKey = /dw_key_[\w-]+/.exec(doorward.command("key", "create", "next", "--scope", "revocations:read"))![0];
    const settings = settingsOf(options());
    const browser = await signedIn("feed@example.com", app({ serviceKey }));
    const auth = () => browser.auth();
    try {
      assert.ok(await auth());
      const { sid, sub, iat } = JSON.parse(Buffer.from(browser.token.split(".")[1]!, "base64url").toString()) as { sid: string; sub: string; iat: number };
      const judge = () => feedOf(settings, serviceKey).judge({ id: sid, userId: sub } as never, iat);
      for (let round = 0; judge() !== "live" && round < 100; round++) await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(judge(), "live");
      const other = Object.assign(new Browser(), { cookies: browser.cookies });
      assert.equal((await other.api("POST", "/v1/sign-out")).status, 204);
      const started = performance.now();
      while (await auth()) {
        assert.ok(performance.now() - started < 1500, "within a second");
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } finally {
      feedOf(settings, serviceKey).stop();
    }
  });

  test("renews a token that has really run out, before the render", async () => {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, since + 10_500 - Date.now())));
    const old = early.token;
    assert.equal(await early.auth(), null);
    assert.match((await early.visit("/dashboard")).user!, /^user_/);
    assert.notEqual(early.token, old);
  });
});
