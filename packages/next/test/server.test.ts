import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { NextRequest } from "next/server.js";
import { createAuthOn, type AuthOptions } from "../src/server/auth.js";
import type { Gates } from "../src/server/gates.js";
import { feedOf } from "../src/server/revocations.js";
import { settingsOf } from "../src/shared/settings.js";
import { DoorwardUnavailable } from "../src/shared/doorward.js";
import { FakeDoorward, ISSUER, problem, SESSION, USER } from "./support/fake-doorward.js";
import { badTokens } from "./support/tricks.js";

let doorward: FakeDoorward;
before(async () => {
  doorward = await FakeDoorward.start();
});
after(() => doorward.stop());
beforeEach(() => {
  doorward.asked.length = 0;
  doorward.answer = () => undefined;
  doorward.emailVerified = true;
  doorward.mfaEnabled = false;
  doorward.roles = ["user"];
  doorward.permissions = [];
});

class Redirected extends Error {}

/** An app in which a request with these headers is under way. */
function app(headers: Record<string, string>, options: AuthOptions = {}) {
  const browser = new Headers(headers);
  const redirect = (path: string): never => {
    throw new Redirected(path);
  };
  const all = { url: doorward.url, publicUrl: ISSUER, timeout: 0.5, ...options };
  return createAuthOn<"admin" | "user", "users:read" | "users:write">({ headers: async () => browser, redirect }, all);
}
const signedIn = async (claims = {}, options: AuthOptions = {}) => app({ cookie: `doorward_access=${await doorward.token(claims)}` }, options);
const redirectOf = async (promise: Promise<unknown>) =>
  promise.then(
    () => "passed",
    (error: unknown) => {
      if (error instanceof Redirected) return error.message;
      throw error;
    },
  );
const codeOf = async (response: Response) => [response.status, ((await response.json()) as { code: string }).code];
const context = { params: Promise.resolve({}) };

describe("auth()", () => {
  test("verifies the token alone", async () => {
    const { auth } = await signedIn();
    const session = await auth();
    assert.equal(session?.id, SESSION);
    assert.equal(session?.userId, USER);
    assert.equal(session?.emailVerified, true);
    assert.equal(session?.user, null);
    assert.equal(doorward.count("/v1/session"), 0);
    assert.equal(JSON.stringify(session), JSON.stringify(structuredClone(session)));
  });

  test("takes every bad token for nobody", async () => {
    for (const [name, token] of Object.entries(await badTokens(doorward))) {
      assert.equal(await app({ cookie: `doorward_access=${token}` }).auth(), null, name);
    }
  });

  test("believes no header", async () => {
    const token = await doorward.token();
    for (const headers of [
      { authorization: `Bearer ${token}` },
      { "x-doorward-session": JSON.stringify({ id: SESSION, userId: USER }) },
      { "x-auth-subject": USER, "x-auth-token": token },
      { "x-middleware-request-cookie": `doorward_access=${token}` },
      { "x-middleware-subrequest": "middleware" },
      { cookie: `doorward_access=${token}; doorward_access=${token}` },
    ]) {
      assert.equal(await app(headers as never).auth(), null, JSON.stringify(headers));
    }
  });

  test("takes a token of the session that this browser has left for nobody's", async () => {
    const token = await doorward.token();
    assert.equal(await app({ cookie: `doorward_access=${token}; doorward_ended=${SESSION}` }).auth(), null);
    assert.equal(await app({ cookie: `doorward_access=${token}; doorward_ended=session_another.${SESSION}` }).auth(), null);
    assert.ok(await app({ cookie: `doorward_access=${token}; doorward_ended=session_another` }).auth());
  });

  test("asks Doorward once in a request, however many ask for it", async () => {
    const { auth, requireSession } = await signedIn();
    doorward.roles = ["admin"];
    const all = await Promise.all([auth({ fresh: true }), auth({ fresh: true }), requireSession({ role: "admin" }), requireSession({ fresh: true })]);
    assert.ok(all.every((session) => session?.user?.email === "ada@example.com"));
    assert.equal(doorward.count("/v1/session"), 1);
    assert.match(doorward.asked.find(({ path }) => path === "/v1/session")!.headers.authorization!, /^Bearer ey/);
  });

  test("knows of an ended session where it asks, and of nothing where Doorward is away", async () => {
    doorward.answer = ({ path }) => (path === "/v1/session" ? problem(401, "session_revoked") : undefined);
    assert.equal(await (await signedIn()).auth({ fresh: true }), null);
    assert.equal(await (await signedIn()).auth({ fresh: "if-possible" }), null);
    assert.ok(await (await signedIn()).auth());
    doorward.answer = ({ path }) => (path === "/v1/session" ? problem(503, "overloaded", { "retry-after": "9" }) : undefined);
    await assert.rejects((await signedIn()).auth({ fresh: true }), (error) => error instanceof DoorwardUnavailable && error.retryAfter === 9);
    const made = await (await signedIn()).auth({ fresh: "if-possible" });
    assert.deepEqual([made?.userId, made?.user], [USER, null]);
  });

  test("makes no call for somebody without cookies", async () => {
    assert.equal(await app({}).auth({ fresh: true }), null);
    assert.equal(doorward.asked.length, 0);
  });
});

describe("requireSession()", () => {
  test("leads nobody to sign-in and back, to a path of the app only", async () => {
    const path = { "x-doorward-path": "/dashboard?a=b" };
    assert.equal(await redirectOf(app(path).requireSession()), "/sign-in?redirect_to=%2Fdashboard%3Fa%3Db");
    assert.equal(await redirectOf(app(path).requireSession({ returnTo: "/x" })), "/sign-in?redirect_to=%2Fx");
    assert.equal(await redirectOf(app({ "x-doorward-path": "//evil.example" }).requireSession()), "/sign-in");
    assert.equal(await redirectOf(app(path).requireSession({ returnTo: "https://evil.example" })), "/sign-in");
    assert.equal(await redirectOf(app({}).requireSession()), "/sign-in");
  });

  test("keeps each gate", async () => {
    const gate = async (gates: Gates<"admin" | "user", "users:read" | "users:write">, claims = {}) =>
      redirectOf((await signedIn(claims)).requireSession({ ...gates, returnTo: "/x" }));
    doorward.roles = ["user"];
    doorward.permissions = ["users:read"];
    assert.equal(await gate({}), "passed");
    assert.equal(await gate({ role: "user" }), "passed");
    assert.equal(await gate({ role: ["admin", "user"] }), "passed");
    assert.equal(await gate({ role: "admin" }), "/forbidden");
    assert.equal(await gate({ role: [] }), "/forbidden");
    assert.equal(await gate({ permission: "users:read" }), "passed");
    assert.equal(await gate({ permission: ["users:read", "users:write"] }), "/forbidden");
    assert.equal(await gate({ role: "user", permission: "users:write" }), "/forbidden");
    assert.equal(await gate({ verified: true }), "passed");
    assert.equal(await gate({ verified: true }, { email_verified: false }), "passed");
    doorward.emailVerified = false;
    assert.equal(await gate({ verified: true }, { email_verified: false }), "/verify-email?redirect_to=%2Fx");
    assert.equal(await gate({ role: "user", verified: true }), "/verify-email?redirect_to=%2Fx");
    const now = Math.floor(Date.now() / 1000);
    assert.equal(await gate({ reauthenticated: true }, { auth_time: now - 590 }), "passed");
    assert.equal(await gate({ reauthenticated: true }, { auth_time: now - 610 }), "/reauthenticate?redirect_to=%2Fx");
    assert.equal(await gate({ reauthenticated: 60 }, { auth_time: now - 70 }), "/reauthenticate?redirect_to=%2Fx");
  });

  test("asks for a second factor, and comes back from there", async () => {
    const gate = async (gates: Gates, acr: string, more: Record<string, string> = {}) => {
      const cookie = `doorward_access=${await doorward.token({ acr })}`;
      return redirectOf(app({ cookie, ...more }).requireSession(gates as never));
    };
    assert.equal(await gate({ acr: "aal2" }, "aal2"), "passed");
    assert.equal(await gate({ acr: "aal1" }, "aal2"), "passed");
    assert.equal(await gate({ acr: "aal1" }, "aal1"), "passed");
    assert.equal(doorward.count("/v1/session"), 0, "the token says it");
    const path = { "x-doorward-path": "/vault?a=b" };
    assert.equal(await gate({ acr: "aal2" }, "aal1", path), "/reauthenticate?redirect_to=%2Fvault%3Fa%3Db&acr=aal2");
    assert.equal(await gate({ acr: "aal2" }, "aal1"), "/reauthenticate?acr=aal2");
    for (const acr of ["", "AAL2", "aal10", "aal", "phr", "undefined"]) {
      assert.equal(await gate({ acr: "aal2" }, acr), "/reauthenticate?acr=aal2", acr);
    }
    assert.equal(await gate({ acr: "phr" as never }, "aal2"), "/reauthenticate?acr=phr", "what nobody knows, nobody has");
    assert.equal(await redirectOf(app({}).requireSession({ acr: "aal2" })), "/sign-in");
    const own = await signedIn({}, { reauthenticatePath: "/confirm" });
    assert.equal(await redirectOf(own.requireSession({ acr: "aal2", returnTo: "/x" })), "/confirm?redirect_to=%2Fx&acr=aal2");
  });

  test("takes an account with a second factor for confirmed only by that", async () => {
    const gate = async (acr: string) => redirectOf((await signedIn({ acr })).requireSession({ reauthenticated: true }));
    assert.equal(await gate("aal1"), "passed");
    assert.equal(await gate("aal2"), "passed");
    doorward.mfaEnabled = true;
    assert.equal(await gate("aal1"), "/reauthenticate");
    const asked = doorward.count("/v1/session");
    assert.equal(await gate("aal2"), "passed");
    assert.equal(doorward.count("/v1/session"), asked, "whose session has it needs no call");
    doorward.answer = ({ path }) => (path === "/v1/session" ? problem(503, "overloaded") : undefined);
    await assert.rejects(gate("aal1"), DoorwardUnavailable);
  });

  test("takes roles from Doorward's answer, never from the token", async () => {
    const claims = { roles: ["admin"], permissions: ["users:read"], user: { roles: ["admin"] } };
    assert.equal(await redirectOf((await signedIn(claims)).requireSession({ role: "admin" })), "/forbidden");
    assert.equal(await redirectOf((await signedIn(claims)).requireSession({ permission: "users:read" })), "/forbidden");
  });

  test("lets nobody in where Doorward has to be asked and can't be", async () => {
    doorward.answer = ({ path }) => (path === "/v1/session" ? problem(503, "overloaded") : undefined);
    await assert.rejects((await signedIn()).requireSession({ role: "user" }), DoorwardUnavailable);
  });
});

describe("behind a proxy that could renew nothing", () => {
  const away = { "x-doorward-away": "7" };
  const unavailable = (error: unknown) => error instanceof DoorwardUnavailable && error.retryAfter === 7;

  test("gates throw, and lead nobody to sign-in", async () => {
    for (const cookie of ["doorward_refresh=x", `doorward_access=${await doorward.expired()}; doorward_refresh=x`]) {
      const one = app({ cookie, ...away });
      await assert.rejects(one.requireSession(), unavailable);
      await assert.rejects(one.requireSession({ role: "admin" }), unavailable);
      await assert.rejects(one.protectAction(async () => 1)(), unavailable);
      await assert.rejects(one.auth({ fresh: true }), unavailable);
      const answer = await one.withAuth(async () => new Response("done"))(new NextRequest(`${ISSUER}/api/other`), context);
      assert.equal(answer.headers.get("retry-after"), "7");
      assert.deepEqual(await codeOf(answer), [503, "unavailable"]);
      // Pages for everybody stay up.
      assert.deepEqual([await one.auth(), await one.auth({ fresh: "if-possible" })], [null, null]);
    }
  });

  test("a good token passes, and nobody is nobody", async () => {
    assert.equal((await app({ cookie: `doorward_access=${await doorward.token()}; doorward_refresh=x`, ...away }).requireSession()).userId, USER);
    assert.equal(await redirectOf(app(away).requireSession()), "/sign-in");
  });
});

describe("withAuth()", () => {
  const request = (method = "GET", headers: Record<string, string> = {}) => new NextRequest(`${ISSUER}/api/me`, { method, headers: { host: "localhost:3000", ...headers } });

  test("answers with a problem, by which the browser knows what to do", async () => {
    const handle = (auth: ReturnType<typeof app>, gates: Gates<"admin" | "user", "users:read" | "users:write"> = {}) => auth.withAuth(async (_, session) => Response.json(session.userId), gates)(request(), context);
    assert.deepEqual(await codeOf(await handle(app({}))), [401, "not_authenticated"]);
    assert.deepEqual(await codeOf(await handle(app({ cookie: "doorward_refresh=x" }))), [401, "token_expired"]);
    assert.deepEqual(await codeOf(await handle(app({ cookie: `doorward_access=${await doorward.expired()}; doorward_refresh=x` }))), [401, "token_expired"]);
    assert.deepEqual(await codeOf(await handle(await signedIn(), { role: "admin" })), [403, "permission_denied"]);
    assert.equal(await (await handle(await signedIn(), { role: "user" })).json(), USER);
    doorward.answer = ({ path }) => (path === "/v1/session" ? problem(401, "session_revoked") : undefined);
    assert.deepEqual(await codeOf(await handle(await signedIn(), { fresh: true })), [401, "session_revoked"]);
    doorward.answer = ({ path }) => (path === "/v1/session" ? problem(503, "overloaded", { "retry-after": "3" }) : undefined);
    const away = await handle(await signedIn(), { fresh: true });
    assert.equal(away.headers.get("retry-after"), "3");
    assert.deepEqual(await codeOf(away), [503, "unavailable"]);
  });

  test("answers one person, and no cache", async () => {
    const auth = await signedIn();
    const cache = async (response: Response) => (await auth.withAuth(async () => response)(request(), context)).headers.get("cache-control");
    assert.equal(await cache(Response.json({})), "private, no-store");
    assert.equal(await cache(new Response("", { headers: { "cache-control": "private, max-age=60" } })), "private, max-age=60");
  });

  test("refuses what a page of another site sends", async () => {
    const auth = await signedIn({}, { allowedOrigins: ["https://partner.example"] });
    const send = async (headers: Record<string, string>, method = "POST") => (await auth.withAuth(async () => new Response("done"))(request(method, headers), context)).status;
    assert.equal(await send({ "sec-fetch-site": "cross-site" }), 403);
    assert.equal(await send({ "sec-fetch-site": "same-site", origin: ISSUER }), 403);
    assert.equal(await send({ origin: "https://evil.example" }), 403);
    assert.equal(await send({ origin: "null" }), 403);
    assert.equal(await send({ origin: "http://localhost:3001" }), 403);
    assert.equal(await send({ "sec-fetch-site": "same-origin" }), 200);
    assert.equal(await send({ "sec-fetch-site": "cross-site", origin: "https://partner.example" }), 200);
    assert.equal(await send({ origin: ISSUER }), 200);
    assert.equal(await send({}), 200);
    assert.equal(await send({ "sec-fetch-site": "cross-site" }, "GET"), 200);
  });

  test("compares all of the origin where a browser says no site: scheme, host and port", async () => {
    const publicUrl = "https://app.example.com";
    const auth = app({ cookie: `__Host-doorward_access=${await doorward.token({ iss: publicUrl, aud: publicUrl })}` }, { publicUrl });
    const send = async (host: string, origin: string, headers: Record<string, string> = {}) =>
      (await auth.withAuth(async () => new Response("done"))(request("POST", { host, origin, ...headers }), context)).status;
    const https = { "x-forwarded-proto": "https" };
    // What the settings say of our host holds, whatever a proxy in front says or forgets.
    for (const headers of [{}, https, { "x-forwarded-proto": "http" }]) {
      assert.equal(await send("app.example.com", publicUrl, headers), 200);
      assert.equal(await send("APP.example.com:443", publicUrl, headers), 200);
      assert.equal(await send("127.0.0.1:3000", publicUrl, { ...headers, "x-forwarded-host": "app.example.com, inner" }), 200);
      for (const origin of ["http://app.example.com", "https://app.example.com:444", "https://app.example.com.", "https://evil.example", "null", ""]) {
        assert.equal(await send("app.example.com", origin, headers), 403, origin);
      }
    }
    // Another name of the app.
    assert.equal(await send("preview.example.com", "https://preview.example.com", https), 200);
    assert.equal(await send("preview.example.com", "https://preview.example.com", { "x-forwarded-proto": "https, http" }), 200);
    assert.equal(await send("preview.example.com", "http://preview.example.com", https), 403);
    assert.equal(await send("preview.example.com", "https://preview.example.com:8443", https), 403);
    assert.equal(await send("preview.example.com", publicUrl, https), 403);
    assert.equal(await send("192.168.1.5:3000", "http://192.168.1.5:3000"), 200);
    assert.equal(await send("192.168.1.5:3000", "https://192.168.1.5:3000"), 403);
    assert.equal(await send("preview.example.com", "null", { "x-forwarded-proto": "data" }), 403);
    for (const [host, scheme] of [["preview.example.com", "javascript"], ["preview.example.com", ""], ["a b", "https"], ["evil.example/@preview.example.com", "https"]] as const) {
      assert.equal(await send(host, "https://preview.example.com", { "x-forwarded-proto": scheme }), 403, host + scheme);
    }
  });
});

describe("protectAction()", () => {
  test("hands the session and the arguments on, and redirects who does not pass", async () => {
    const act = async (session: { userId: string }, a: number, b: string) => [session.userId, a, b];
    assert.deepEqual(await (await signedIn()).protectAction(act)(1, "x"), [USER, 1, "x"]);
    assert.equal(await redirectOf(app({}).protectAction(act)(1, "x")), "/sign-in");
    assert.equal(await redirectOf((await signedIn()).protectAction(act, { role: "admin" })(1, "x")), "/forbidden");
  });
});

describe("handlers", () => {
  const handle = (path: string, init: ConstructorParameters<typeof NextRequest>[1] = {}, options: AuthOptions = {}) => {
    const request = new NextRequest(`${ISSUER}/api/auth/${path}`, init);
    const all = path.split(/[?#]/, 1)[0]!.split("/").map(decodeURIComponent);
    return app({}, options).handlers[(init.method ?? "GET") as "GET"](request, { params: Promise.resolve({ all }) });
  };

  test("pass on what a browser needs, with its cookies and what it says of itself", async () => {
    doorward.answer = ({ path }) =>
      path.startsWith("/v1/sign-in")
        ? { headers: { "set-cookie": ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"], "x-request-id": "req_1", server: "inner", "x-inner": "10.0.0.1" }, body: { status: "signed_in" } }
        : undefined;
    const response = await handle(
      "v1/sign-in?a=b",
      {
        method: "POST",
        body: '{"identifier":"ada"}',
        headers: {
          "content-type": "application/json",
          origin: ISSUER,
          "sec-fetch-site": "same-origin",
          cookie: "theme=dark; doorward_device=d; doorward_access=x; other=secret",
          "user-agent": "Firefox",
          "sec-ch-ua": '"Chromium"',
          "x-forwarded-for": "6.6.6.6, 203.0.113.7",
          "x-forwarded-host": "evil.example",
          forwarded: "for=6.6.6.6",
          "x-real-ip": "6.6.6.6",
          "x-doorward-client-ip": "6.6.6.6",
          "x-doorward-proxy-secret": "guessed",
          "x-middleware-subrequest": "x",
          authorization: "Bearer dw_key_x",
          connection: "keep-alive, x-secret",
          te: "trailers",
          "transfer-encoding": "chunked",
        },
      },
      { proxySecret: "s".repeat(32) },
    );
    const [asked] = doorward.asked;
    assert.deepEqual([asked!.method, asked!.path, asked!.body], ["POST", "/v1/sign-in?a=b", '{"identifier":"ada"}']);
    const { headers } = asked!;
    assert.equal(headers.cookie, "doorward_device=d; doorward_access=x");
    assert.equal(headers.origin, ISSUER);
    assert.equal(headers["sec-fetch-site"], "same-origin");
    assert.equal(headers["user-agent"], "Firefox");
    assert.equal(headers["sec-ch-ua"], '"Chromium"');
    assert.equal(headers["x-doorward-client-ip"], "203.0.113.7");
    assert.equal(headers["x-doorward-proxy-secret"], "s".repeat(32));
    assert.equal(headers.host, new URL(doorward.url).host);
    for (const name of ["x-forwarded-for", "x-forwarded-host", "forwarded", "x-real-ip", "authorization", "te", "x-middleware-subrequest"]) {
      assert.equal(headers[name], undefined, name);
    }
    assert.deepEqual(response.headers.getSetCookie(), ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"]);
    assert.equal(response.headers.get("x-request-id"), "req_1");
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(response.headers.get("x-inner"), null);
    assert.deepEqual(await response.json(), { status: "signed_in" });
  });

  /** A refresh token of this session, as far as this package reads it. */
  const refreshOf = (session: string, generation = 7) =>
    `dw_rt_${Buffer.concat([Buffer.from(session.slice(8), "hex"), Buffer.alloc(40, generation)]).toString("base64url")}`;

  test("note which session a browser has left, where its tokens are taken back", async () => {
    const refresh = refreshOf(SESSION);
    const taken = ["access", "refresh"].map((name) => `doorward_${name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax`);
    const leave = async (cookie: string, set: string[], options: AuthOptions = {}) => {
      doorward.answer = () => ({ status: 204, headers: { "set-cookie": set } });
      const response = await handle("v1/sign-out", { method: "POST", headers: { cookie } }, options);
      return response.headers.getSetCookie().slice(set.length);
    };
    const note = `doorward_ended=${SESSION}; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax`;
    assert.deepEqual(await leave(`doorward_refresh=${refresh}`, taken), [note]);
    assert.equal(doorward.asked.at(-1)!.headers.cookie, `doorward_refresh=${refresh}`, "ours, and not Doorward's");
    assert.deepEqual(await leave(`doorward_refresh=${refresh}`, []), []);
    assert.deepEqual(await leave(`doorward_refresh=${refresh}`, ["doorward_refresh=dw_rt_new; Max-Age=9"]), []);
    assert.deepEqual(await leave("doorward_refresh=dw_rt_old", taken), []);
    assert.deepEqual(await leave("theme=dark", taken), []);
    const https = { publicUrl: "https://app.example.com", cookieDomain: "example.com" };
    const named = await leave(`__Secure-doorward_refresh=${refresh}`, taken.map((line) => `__Secure-${line}`), https);
    assert.deepEqual(named, [`__Secure-${note}; Secure; Domain=example.com`]);
  });

  test("note it as well where a sign-in brings another session, and not where one goes on", async () => {
    const bob = SESSION.replace(/.$/, "2");
    const enter = async (cookie: string, token: string) => {
      const set = ["doorward_access=x; Max-Age=9", `doorward_refresh=${token}; Max-Age=9`];
      doorward.answer = () => ({ headers: { "set-cookie": set }, body: { status: "signed_in" } });
      const response = await handle("v1/sign-in", { method: "POST", headers: { cookie } });
      return response.headers.getSetCookie().slice(set.length).map((line) => line.split(";", 1)[0]);
    };
    assert.deepEqual(await enter(`doorward_refresh=${refreshOf(SESSION)}`, refreshOf(bob)), [`doorward_ended=${SESSION}`]);
    assert.deepEqual(await enter(`doorward_refresh=${refreshOf(SESSION)}`, refreshOf(SESSION, 8)), []);
    assert.deepEqual(await enter("theme=dark", refreshOf(bob)), []);
    // The last three, and each once.
    const ended = (all: string) => `doorward_refresh=${refreshOf(bob)}; doorward_ended=${all}`;
    assert.deepEqual(await enter(ended(SESSION), refreshOf(SESSION)), [`doorward_ended=${bob}.${SESSION}`]);
    assert.deepEqual(await enter(ended(`session_1.${bob}.session_2.session_3`), refreshOf(SESSION)), [`doorward_ended=${bob}.session_1.session_2`]);
  });

  test("tell Doorward of a page of ours, where a browser says no site", async () => {
    const told = async (headers: Record<string, string>) => {
      await handle("v1/sign-out", { method: "POST", headers: { host: "192.168.1.5:3000", ...headers } });
      const { origin, "sec-fetch-site": site } = doorward.asked.at(-1)!.headers;
      return [origin, site];
    };
    const [own, evil] = ["http://192.168.1.5:3000", "https://evil.example"];
    assert.deepEqual(await told({ origin: own }), [own, "same-origin"]);
    assert.deepEqual(await told({ origin: own, "sec-fetch-site": "cross-site" }), [own, "cross-site"]);
    for (const origin of [evil, "null", "https://192.168.1.5:3000", "http://192.168.1.5"]) {
      assert.deepEqual(await told({ origin }), [origin, undefined]);
    }
    assert.deepEqual(await told({}), [undefined, undefined]);
  });

  test("open nothing but what is meant for browsers", async () => {
    for (const path of [
      "v1/admin/audit", "v1/admin", "v1/revocations", "v1/token/introspect", "v1/token", "dev/mailbox", "dev/mailbox.json", "metrics", "healthz",
      "openapi.json", "oauth2/token", "v1", "v1/", "v2/session", "v1/session/../admin/audit", "v1/session/..%2fadmin", "v1/%2e%2e/metrics", "v1/me/%2e%2e/admin",
      "v1/me%2f..%2fadmin", "v1//admin", "v1/sign-inadmin", "v1/me/x%0d%0ay", "v1/me/%00", "v1/me/a b", "v1\\admin", "V1/session", ".well-known/jwks.json",
    ]) {
      assert.equal((await handle(path)).status, 404, path);
    }
    assert.equal(doorward.asked.length, 0);
    for (const path of ["v1/session", "v1/me/sessions/session_1", "v1/sign-in/email/verify", "v1/sign-in/mfa", "v1/sign-in/enrol/totp/confirm", "v1/me/phone/verify", "v1/me/totp/confirm", "v1/me/backup-codes", "v1/recovery/complete", "v1/token/refresh", "v1/account/restore", "v1/challenge"]) {
      await handle(path);
      assert.equal(doorward.asked.at(-1)!.path, `/${path}`);
    }
  });

  test("bound what they take in", async () => {
    const large = "x".repeat(64 * 1024 + 1);
    assert.equal((await handle("v1/sign-in", { method: "POST", body: large })).status, 413);
    let pulled = 0;
    const endless = new ReadableStream({ pull: (to) => (pulled++, to.enqueue(new Uint8Array(8192))) });
    assert.equal((await handle("v1/sign-in", { method: "POST", body: endless, duplex: "half" } as never)).status, 413);
    assert.ok(pulled < 20);
    assert.equal(doorward.asked.length, 0);
    await handle("v1/sign-in", { method: "POST", body: "x".repeat(64 * 1024) });
    assert.equal(doorward.asked[0]!.body.length, 64 * 1024);
  });

  test("stream the answer, follow no redirect, and never tell the inner address", async () => {
    doorward.answer = (_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write("[1,");
      setTimeout(() => response.end("2]"), 100);
      return {};
    };
    const response = await handle("v1/me/export");
    const reader = response.body!.getReader();
    assert.equal(new TextDecoder().decode((await reader.read()).value), "[1,");
    assert.equal(new TextDecoder().decode((await reader.read()).value), "2]");
    doorward.answer = () => ({ status: 303, headers: { location: `${doorward.url}/inner` } });
    const inner = await handle("v1/sign-in/google");
    assert.deepEqual([inner.status, inner.headers.get("location")], [303, null]);
    doorward.answer = () => ({ status: 303, headers: { location: "https://accounts.example/authorize" } });
    assert.equal((await handle("v1/sign-in/google")).headers.get("location"), "https://accounts.example/authorize");
    doorward.answer = () => ({ status: 204 });
    assert.equal((await handle("v1/sign-out", { method: "POST" })).status, 204);
  });

  test("answer 503 while Doorward is away", async () => {
    const response = await handle("v1/session", {}, { url: "http://127.0.0.1:9" });
    assert.ok(Number(response.headers.get("retry-after")) > 0);
    assert.deepEqual(await codeOf(response), [503, "unavailable"]);
  });
});

describe("the revocation feed", () => {
  test("tells of an end at once, and while it is away Doorward is asked", async (t) => {
    t.mock.method(console, "warn", () => {});
    let feed: import("node:http").ServerResponse | undefined;
    doorward.answer = ({ path, headers }, response) => {
      if (path !== "/v1/revocations") return undefined;
      if (headers.authorization !== "Bearer dw_key_test") return problem(401, "token_invalid");
      feed = response;
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('event: snapshot\nid: 1\ndata: {"items":[{"sid":"session_dead"}]}\n\n');
      return {};
    };
    const options = { serviceKey: "dw_key_test" };
    const settings = settingsOf({ url: doorward.url, publicUrl: ISSUER });
    t.after(() => feedOf(settings, "dw_key_test").stop());
    const until = async (what: () => boolean | Promise<boolean>) => {
      for (let round = 0; !(await what()); round++) {
        assert.ok(round < 200, "in time");
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const judge = () => feedOf(settings, "dw_key_test").judge({ id: SESSION, userId: USER } as never, 1000);

    // Not heard of yet: asked.
    assert.ok(await (await signedIn({}, options)).auth());
    assert.equal(doorward.count("/v1/session"), 1);
    await until(() => judge() === "live");
    doorward.asked.length = 0;
    assert.ok(await (await signedIn({}, options)).auth());
    assert.equal(await (await signedIn({ sid: "session_dead" }, options)).auth(), null);
    feed!.write(": beat\n\n");
    feed!.write(`event: revoked\ndata: {"sid":"session_2`);
    feed!.write(`"}\n\nevent: revoked\ndata: {"sub":"user_other","before":2000}\n\n`);
    await until(async () => (await (await signedIn({ sid: "session_2" }, options)).auth()) === null);
    assert.equal(feedOf(settings, "dw_key_test").judge({ id: SESSION, userId: "user_other" } as never, 1999), "ended");
    assert.equal(feedOf(settings, "dw_key_test").judge({ id: SESSION, userId: "user_other" } as never, 2000), "live");
    assert.equal(doorward.count("/v1/session"), 0);
    // An end that is known stays known; all else is asked.
    feed!.destroy();
    await until(() => judge() === "unknown");
    assert.equal(await (await signedIn({ sid: "session_2" }, options)).auth(), null);
    const awayButFor = (session: ReturnType<typeof problem>) => {
      doorward.answer = ({ path }) => (path === "/v1/session" ? session : path === "/v1/revocations" ? problem(503, "overloaded") : undefined);
    };
    awayButFor(problem(401, "session_revoked"));
    assert.equal(await (await signedIn({}, options)).auth(), null);
    awayButFor(problem(503, "overloaded"));
    await assert.rejects((await signedIn({}, options)).auth(), DoorwardUnavailable);
  });
});
