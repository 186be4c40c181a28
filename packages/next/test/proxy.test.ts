import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { NextRequest, NextResponse } from "next/server.js";
import { createAuthProxy, type AuthProxyOptions } from "../src/proxy/index.js";
import { FakeDoorward, ISSUER, newKey, over, problem, SESSION } from "./support/fake-doorward.js";
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
});

const proxy = (options: AuthProxyOptions = {}) =>
  createAuthProxy({
    url: doorward.url,
    publicUrl: ISSUER,
    protected: ["/dashboard", "/api/me"],
    authPages: ["/sign-in", "/sign-up"],
    afterSignIn: "/dashboard",
    ...options,
  });

interface Ask {
  access?: string;
  refresh?: string;
  method?: string;
  headers?: Record<string, string>;
  basePath?: string;
}

function request(path: string, { access, refresh, method = "GET", headers = {}, basePath }: Ask = {}): NextRequest {
  const cookies = [access && `doorward_access=${access}`, refresh && `doorward_refresh=${refresh}`, "theme=dark"].filter(Boolean);
  return new NextRequest(new URL(path, ISSUER), {
    method,
    headers: { cookie: cookies.join("; "), ...headers },
    ...(basePath && { nextConfig: { basePath } }),
  });
}

/** The cookies that the render sees. */
const rendered = (response: Response) => response.headers.get("x-middleware-request-cookie") ?? "";
const goesOn = (response: Response) => response.headers.get("x-middleware-next") === "1";
const location = (response: Response) => response.headers.get("location")?.replace(ISSUER, "");

describe("a good token", () => {
  test("passes without a call", async () => {
    const handle = proxy();
    await handle(request("/dashboard", { access: await doorward.token(), refresh: "dw_rt_old" }));
    doorward.asked.length = 0;
    for (let round = 0; round < 20; round++) {
      const response = await handle(request("/dashboard", { access: await doorward.token(), refresh: "dw_rt_old" }));
      assert.ok(goesOn(response));
      assert.equal(response.headers.get("set-cookie"), null);
    }
    assert.equal(doorward.asked.length, 0);
  });

  test("is refreshed shortly before its end, and served where that fails", async () => {
    const handle = proxy();
    const now = Math.floor(Date.now() / 1000);
    const access = await doorward.token({ iat: now - 580, exp: now + 20 });
    const renewed = await handle(request("/dashboard", { access, refresh: "dw_rt_old" }));
    assert.equal(renewed.headers.getSetCookie().length, 2);
    doorward.answer = ({ path }) => (path === "/v1/token/refresh" ? problem(503, "overloaded") : undefined);
    const served = await handle(request("/dashboard", { access, refresh: "dw_rt_old" }));
    assert.ok(goesOn(served));
    assert.equal(served.headers.get("set-cookie"), null);
  });

  test("is left half of a short life before it is refreshed", async () => {
    const now = Math.floor(Date.now() / 1000);
    const access = await doorward.token({ iat: now - 2, exp: now + 8 });
    await proxy({ refreshSkew: 3600 })(request("/dashboard", { access, refresh: "dw_rt_old" }));
    assert.equal(doorward.count("/v1/token/refresh"), 0);
  });

  test("is not refreshed for a prefetch, as long as it holds", async () => {
    const now = Math.floor(Date.now() / 1000);
    const access = await doorward.token({ iat: now - 580, exp: now + 20 });
    for (const headers of [{ "next-router-prefetch": "1" }, { "sec-purpose": "prefetch;prerender" }, { purpose: "prefetch" }]) {
      assert.ok(goesOn(await proxy()(request("/dashboard", { access, refresh: "dw_rt_old", headers: headers as never }))));
    }
    assert.equal(doorward.count("/v1/token/refresh"), 0);
  });
});

describe("a token that has run out", () => {
  test("is refreshed for the render and the browser alike, and no cache keeps the answer", async () => {
    for (const access of [await doorward.expired(), undefined]) {
      const response = await proxy()(request("/dashboard", { ...(access && { access }), refresh: "dw_rt_old" }));
      assert.ok(goesOn(response));
      const set = response.headers.getSetCookie();
      assert.equal(set.length, 2);
      assert.match(set[0]!, /^doorward_access=ey.*; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/);
      assert.match(set[1]!, /^doorward_refresh=dw_rt_new; /);
      const value = /doorward_access=([^;]+)/.exec(set[0]!)![1];
      assert.equal(rendered(response), `theme=dark; doorward_access=${value}; doorward_refresh=dw_rt_new`);
      assert.match(response.headers.get("x-middleware-override-headers")!, /\bcookie\b/);
      assert.equal(response.headers.get("cache-control"), "private, no-store");
    }
  });

  test("is refreshed once for twenty requests at once", async () => {
    const handle = proxy();
    const access = await doorward.expired();
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    doorward.answer = async ({ path }) => {
      if (path === "/v1/token/refresh") await held;
      return undefined;
    };
    const all = Array.from({ length: 20 }, () => handle(request("/dashboard", { access, refresh: "dw_rt_old" })));
    setTimeout(answer, 50);
    for (const response of await Promise.all(all)) {
      assert.ok(goesOn(response));
      assert.match(rendered(response), /doorward_refresh=dw_rt_new/);
    }
    assert.equal(doorward.count("/v1/token/refresh"), 1);
    assert.equal(doorward.asked.find(({ path }) => path === "/v1/token/refresh")!.headers.cookie, "doorward_refresh=dw_rt_old");
  });

  test("is refreshed a second time where the answer got lost", async () => {
    let lost = 0;
    doorward.answer = ({ path }, response) => {
      if (path !== "/v1/token/refresh" || lost++) return undefined;
      response.destroy();
      return {};
    };
    assert.ok(goesOn(await proxy()(request("/dashboard", { refresh: "dw_rt_old" }))));
    assert.equal(doorward.count("/v1/token/refresh"), 2);
  });

  test("of a session that is over leads to sign-in, and only then the cookies are taken back", async () => {
    for (const code of ["token_invalid", "token_reused", "session_expired", "session_revoked"]) {
      doorward.answer = ({ path }) => (path === "/v1/token/refresh" ? over(code) : undefined);
      const response = await proxy()(request("/dashboard?a=b", { access: await doorward.expired(), refresh: "dw_rt_old" }));
      assert.equal(location(response), "/sign-in?redirect_to=%2Fdashboard%3Fa%3Db");
      assert.deepEqual(response.headers.getSetCookie().map((line) => line.split(";", 2).join(";")), ["doorward_access=; Max-Age=0", "doorward_refresh=; Max-Age=0"]);
      assert.equal(response.headers.get("cache-control"), "private, no-store");
      const elsewhere = await proxy()(request("/", { access: await doorward.expired(), refresh: "dw_rt_old" }));
      assert.ok(goesOn(elsewhere));
      assert.equal(rendered(elsewhere), "theme=dark");
      const api = await proxy()(request("/api/me", { refresh: "dw_rt_old" }));
      assert.deepEqual([api.status, ((await api.json()) as { code: string }).code], [401, code]);
    }
    doorward.answer = ({ path }) => (path === "/v1/token/refresh" ? problem(401, "not_authenticated") : undefined);
    const kept = await proxy()(request("/dashboard", { refresh: "dw_rt_old" }));
    assert.equal(location(kept), "/sign-in?redirect_to=%2Fdashboard");
    assert.equal(kept.headers.get("set-cookie"), null);
  });

  test("of a session that this browser has left counts as none, however good it looks", async () => {
    const access = await doorward.token();
    const cookie = (ended: string) => `doorward_access=${access}; doorward_refresh=dw_rt_old; doorward_ended=${ended}`;
    doorward.answer = ({ path }) => (path === "/v1/token/refresh" ? over() : undefined);
    const late = await proxy()(request("/dashboard", { headers: { cookie: cookie(SESSION) } }));
    assert.equal(location(late), "/sign-in?redirect_to=%2Fdashboard");
    assert.equal(late.headers.getSetCookie().filter((line) => line.includes("=; Max-Age=0")).length, 2);
    const alone = await proxy()(request("/dashboard", { headers: { cookie: `doorward_access=${access}; doorward_ended=${SESSION}` } }));
    assert.equal(location(alone), "/sign-in?redirect_to=%2Fdashboard");
    doorward.asked.length = 0;
    assert.ok(goesOn(await proxy()(request("/dashboard", { headers: { cookie: cookie("session_another") } }))));
    assert.equal(doorward.count("/v1/token/refresh"), 0);
  });

  test("leads to no sign-in where the new one can't be used: that is told to the developer", async (t) => {
    const told = t.mock.method(console, "error", () => {});
    const response = await proxy({ publicUrl: "http://localhost:4400" })(request("/dashboard", { refresh: "dw_rt_old" }));
    assert.equal(response.status, 503);
    assert.equal(response.headers.getSetCookie().length, 2);
    assert.match(String(told.mock.calls[0]!.arguments[0]), /its issuer is "http:\/\/localhost:3000".*DOORWARD_PUBLIC_URL/s);
  });
});

describe("nobody", () => {
  test("is led to sign-in, and back afterwards", async () => {
    const response = await proxy()(request("/dashboard/settings?tab=1"));
    assert.equal(response.status, 307);
    assert.equal(location(response), "/sign-in?redirect_to=%2Fdashboard%2Fsettings%3Ftab%3D1");
    assert.equal((await proxy()(request("/dashboard", { method: "POST" }))).status, 303);
    assert.equal(doorward.asked.length, 0);
  });

  test("gets a problem where programs read", async () => {
    const response = await proxy()(request("/api/me"));
    assert.equal(response.status, 401);
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    assert.equal(response.headers.get("www-authenticate"), "Bearer");
    assert.equal(((await response.json()) as { code: string }).code, "not_authenticated");
  });

  test("comes no further by writing the path in another way", async () => {
    for (const path of ["/%64ashboard", "/dashboard/", "//dashboard", "/dashboard%2Fx", "/DASHBOARD/../dashboard"]) {
      const response = await proxy()(request(path.startsWith("//") ? `${ISSUER}${path}` : path));
      assert.match(location(response) ?? "none", /^\/sign-in/, path);
    }
    assert.ok(goesOn(await proxy()(request("/dashboards"))));
  });

  test("passes with a server action, whose own check answers", async () => {
    const headers = { "next-action": "40c0ffee".repeat(5) };
    assert.ok(goesOn(await proxy()(request("/dashboard", { method: "POST", headers }))));
    assert.match(location(await proxy()(request("/dashboard", { headers })))!, /^\/sign-in/);
    // Anybody can write a header: what is no action's name opens nothing, and what programs read has no actions.
    for (const made of ["", "x", "00aa", "abc"]) {
      const up = await proxy()(request("/dashboard", { method: "POST", headers: { "next-action": made } }));
      assert.match(location(up)!, /^\/sign-in/, made);
    }
    assert.equal((await proxy({ protected: ["/api/data"] })(request("/api/data", { method: "POST", headers }))).status, 401);
  });

  test("is the holder of every bad token", async () => {
    const handle = proxy();
    for (const [name, access] of Object.entries(await badTokens(doorward))) {
      assert.match(location(await handle(request("/dashboard", { access }))) ?? "none", /^\/sign-in/, name);
    }
  });

  test("is who sends two cookies of one name, or one of another prefix", async () => {
    const access = await doorward.token();
    for (const cookie of [`doorward_access=${access}; doorward_access=${access}`, `__Host-doorward_access=${access}`, `Doorward_access=${access}`, `xdoorward_access=${access}`]) {
      assert.match(location(await proxy()(request("/dashboard", { headers: { cookie } }))) ?? "none", /^\/sign-in/, cookie);
    }
    const https = proxy({ publicUrl: "https://app.example.com", audience: ISSUER });
    for (const name of ["doorward_access", "__host-doorward_access", "__Secure-doorward_access"]) {
      const token = await doorward.token({ iss: "https://app.example.com" });
      assert.match(location(await https(request("/dashboard", { headers: { cookie: `${name}=${token}` } }))) ?? "none", /^\/sign-in/, name);
      assert.ok(goesOn(await https(request("/dashboard", { headers: { cookie: `__Host-doorward_access=${token}` } }))));
    }
  });

  test("is known by the __Secure- cookies alone, where hosts share them", async () => {
    const handle = proxy({ publicUrl: "https://app.example.com", audience: ISSUER, cookieDomain: "example.com" });
    const token = await doorward.token({ iss: "https://app.example.com" });
    assert.ok(goesOn(await handle(request("/dashboard", { headers: { cookie: `__Secure-doorward_access=${token}` } }))));
    assert.ok(!goesOn(await handle(request("/dashboard", { headers: { cookie: `__Host-doorward_access=${token}` } }))));
  });
});

describe("while Doorward is away", () => {
  test("the answer is 503, and cookies are kept", async () => {
    const handle = proxy({ timeout: 0.2 });
    await handle(request("/", { access: await doorward.token() }));
    const access = await doorward.expired();
    const away: [string, FakeDoorward["answer"]][] = [
      ["busy", ({ path }) => (path === "/v1/token/refresh" ? problem(503, "overloaded", { "retry-after": "7" }) : undefined)],
      ["limiting", ({ path }) => (path === "/v1/token/refresh" ? problem(429, "rate_limited", { "retry-after": "7" }) : undefined)],
      ["broken", (_, response) => void response.destroy() as never],
      ["silent", () => new Promise(() => {})],
      ["silent halfway", (_, response) => (response.writeHead(200, { "set-cookie": "doorward_access=half" }), response.write("{"), {})],
      ["broken halfway", (_, response) => (response.writeHead(200, { "content-length": "9" }), response.write("{", () => response.destroy()), {})],
    ];
    for (const [name, answer] of away) {
      doorward.answer = answer;
      const page = await handle(request("/dashboard", { access, refresh: "dw_rt_old" }));
      assert.equal(page.status, 503, name);
      assert.ok(Number(page.headers.get("retry-after")) >= 1, name);
      assert.equal(page.headers.get("set-cookie"), null, name);
      const api = await handle(request("/api/me", { access, refresh: "dw_rt_old" }));
      assert.equal(((await api.json()) as { code: string }).code, "unavailable", name);
      const open = await handle(request("/", { access, refresh: "dw_rt_old" }));
      assert.ok(goesOn(open), name);
      assert.match(rendered(open), /doorward_refresh=dw_rt_old/, name);
      assert.ok(goesOn(await handle(request("/sign-in", { access, refresh: "dw_rt_old" }))), name);
    }
  });

  test("what is gated further in is told, and only then", async () => {
    const handle = proxy({ timeout: 0.2 });
    const told = async (path: string, ask: Ask) => (await handle(request(path, ask))).headers.get("x-middleware-request-x-doorward-away");
    const spent = { access: await doorward.expired(), refresh: "dw_rt_old" };
    const action = { method: "POST", headers: { "next-action": "0".repeat(42) } };
    await handle(request("/", { access: await doorward.token() }));
    assert.equal(await told("/open", spent), null, "while Doorward is there");
    doorward.answer = ({ path }) => (path === "/v1/token/refresh" ? problem(503, "overloaded", { "retry-after": "7" }) : undefined);
    for (const path of ["/open", "/api/other"]) assert.equal(await told(path, spent), "7", path);
    assert.equal(await told("/dashboard", { ...spent, ...action }), "7");
    assert.equal(await told("/open", { access: await doorward.token(), refresh: "dw_rt_old" }), null, "of a good token nobody is asked");
    assert.equal(await told("/open", {}), null, "nobody is nobody all the same");
    doorward.answer = () => undefined;
    assert.equal(await told("/open", { ...spent, headers: { "x-doorward-away": "9" } }), null, "a client can't say so");
  });

  test("good tokens go on passing, and nothing is decided before the keys are known", async () => {
    const known = proxy();
    await known(request("/", { access: await doorward.token() }));
    await doorward.stop();
    assert.ok(goesOn(await known(request("/dashboard", { access: await doorward.token() }))));
    const fresh = await proxy()(request("/dashboard", { access: await doorward.token(), refresh: "dw_rt_old" }));
    assert.equal(fresh.status, 503);
    await doorward.listen();
    assert.ok(goesOn(await known(request("/dashboard", { refresh: "dw_rt_old" }))));
  });
});

describe("an auth page", () => {
  test("sends signed-in people away, to a path of the app only", async () => {
    const access = await doorward.token();
    const to = async (query: string) => location(await proxy()(request(`/sign-in${query}`, { access })));
    assert.equal(await to(""), "/dashboard");
    assert.equal(await to("?redirect_to=%2Fbilling%3Fa%3Db"), "/billing?a=b");
    for (const evil of ["//evil.example", "/%5cevil.example", "https://evil.example", "/sign-in", "/sign-up?x=y", "/%09/evil.example"]) {
      assert.equal(await to(`?redirect_to=${encodeURIComponent(evil)}`), "/dashboard", evil);
    }
  });

  test("asks the server first: a session that was ended makes no circle", async () => {
    const access = await doorward.token();
    doorward.answer = ({ path }) =>
      path === "/v1/session" ? problem(401, "session_revoked") : path === "/v1/token/refresh" ? over() : undefined;
    for (const refresh of ["dw_rt_old", undefined]) {
      const response = await proxy()(request("/sign-in", { access, ...(refresh && { refresh }) }));
      assert.ok(goesOn(response));
      assert.equal(rendered(response), "theme=dark");
      assert.equal(response.headers.getSetCookie().filter((line) => line.includes("=; Max-Age=0")).length, 2);
    }
  });

  test("takes cookies back as they were set, from all hosts that share them too", async () => {
    doorward.answer = ({ path }) => (path === "/v1/session" ? problem(401, "session_revoked") : undefined);
    const https = { publicUrl: "https://app.example.com", audience: ISSUER };
    const token = await doorward.token({ iss: "https://app.example.com" });
    const cleared = async (options: AuthProxyOptions, prefix: string) =>
      (await proxy({ ...https, ...options })(request("/sign-in", { headers: { cookie: `${prefix}doorward_access=${token}` } }))).headers.getSetCookie()[0];
    assert.equal(await cleared({}, "__Host-"), "__Host-doorward_access=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure");
    assert.equal(await cleared({ cookieDomain: "example.com" }, "__Secure-"), "__Secure-doorward_access=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure; Domain=example.com");
  });

  test("leaves who has a fresh sign-in beside a dead token signed in", async () => {
    doorward.answer = ({ path }) => (path === "/v1/session" ? problem(401, "token_invalid") : undefined);
    const response = await proxy()(request("/sign-in", { access: await doorward.token(), refresh: "dw_rt_old" }));
    assert.equal(location(response), "/dashboard");
    assert.equal(response.headers.getSetCookie().length, 2);
  });

  test("is shown where the server can't be asked", async () => {
    doorward.answer = ({ path }) => (path === "/v1/session" ? problem(503, "overloaded") : undefined);
    const response = await proxy()(request("/sign-in", { access: await doorward.token(), refresh: "dw_rt_old" }));
    assert.ok(goesOn(response));
    assert.equal(response.headers.get("set-cookie"), null);
  });
});

describe("a verified address", () => {
  const verified = { verified: ["/billing", "/api/billing"] };

  test("is asked for, of the server too where the token is older", async () => {
    const access = await doorward.token({ email_verified: false });
    assert.ok(goesOn(await proxy(verified)(request("/billing", { access }))));
    doorward.emailVerified = false;
    assert.equal(location(await proxy(verified)(request("/billing", { access }))), "/verify-email?redirect_to=%2Fbilling");
    const api = await proxy(verified)(request("/api/billing", { access }));
    assert.deepEqual([api.status, ((await api.json()) as { code: string }).code], [403, "email_not_verified"]);
    doorward.answer = ({ path }) => (path === "/v1/session" ? problem(503, "overloaded") : undefined);
    assert.equal((await proxy(verified)(request("/billing", { access }))).status, 503);
  });

  test("of nobody leads to sign-in", async () => {
    assert.equal(location(await proxy(verified)(request("/billing"))), "/sign-in?redirect_to=%2Fbilling");
  });
});

describe("a second factor", () => {
  const two = { aal2: ["/vault", "/api/vault"] };

  test("is asked for, and whoever has it passes without a call", async () => {
    const one = await doorward.token();
    assert.ok(goesOn(await proxy(two)(request("/vault", { access: await doorward.token({ acr: "aal2" }) }))));
    const asked = await proxy(two)(request("/vault?x=1", { access: one }));
    assert.deepEqual([asked.status, location(asked)], [307, "/reauthenticate?acr=aal2&redirect_to=%2Fvault%3Fx%3D1"]);
    const own = await proxy({ ...two, reauthenticatePath: "/confirm" })(request("/vault/x", { access: one }));
    assert.equal(location(own), "/confirm?acr=aal2&redirect_to=%2Fvault%2Fx");
    const api = await proxy(two)(request("/api/vault", { access: one }));
    assert.deepEqual([api.status, ((await api.json()) as { code: string }).code], [403, "reauthentication_required"]);
    assert.ok(goesOn(await proxy(two)(request("/dashboard", { access: one }))));
    assert.equal(doorward.count("/v1/session"), 0);
  });

  test("of nobody leads to sign-in", async () => {
    assert.equal(location(await proxy(two)(request("/vault"))), "/sign-in?redirect_to=%2Fvault");
  });
});

describe("what is handed on", () => {
  test("holds nothing that pretends to come from Next or from here", async () => {
    const headers = {
      "x-middleware-subrequest": "middleware:middleware",
      "x-middleware-request-cookie": "doorward_access=x",
      "x-doorward-client-ip": "192.0.2.1",
      "x-doorward-path": "//evil.example",
      "x-doorward-session": "admin",
      "x-mine": "kept",
    };
    const response = await proxy()(request("/a?b=c", { headers }));
    const list = response.headers.get("x-middleware-override-headers")!.split(",");
    assert.ok(list.includes("x-mine") && list.includes("cookie"));
    assert.deepEqual(list.filter((name) => /^x-(middleware|doorward)/.test(name)), ["x-doorward-path"]);
    assert.equal(response.headers.get("x-middleware-request-x-doorward-path"), "/a?b=c");
  });

  test("tells Doorward of the browser, and of its address only beside the secret", async () => {
    const headers = { "user-agent": "Firefox", "x-forwarded-for": "6.6.6.6, 203.0.113.7", "x-doorward-client-ip": "6.6.6.6", "x-doorward-proxy-secret": "guessed" };
    const told = async (options: AuthProxyOptions) => {
      doorward.asked.length = 0;
      await proxy(options)(request("/", { refresh: "dw_rt_old", headers }));
      const { headers: seen } = doorward.asked.find(({ path }) => path === "/v1/token/refresh")!;
      assert.equal(seen["user-agent"], "Firefox");
      return [seen["x-doorward-proxy-secret"], seen["x-doorward-client-ip"], seen["x-forwarded-for"]];
    };
    assert.deepEqual(await told({}), [undefined, undefined, undefined]);
    assert.deepEqual(await told({ proxySecret: "s".repeat(32) }), ["s".repeat(32), "203.0.113.7", undefined]);
    assert.deepEqual(await told({ proxySecret: "s".repeat(32), clientAddress: 0 }), [undefined, undefined, undefined]);
    assert.deepEqual(await told({ proxySecret: "s".repeat(32), clientAddress: 3 }), [undefined, undefined, undefined]);
    assert.deepEqual(await told({ proxySecret: "s".repeat(32), clientAddress: () => "2001:db8::1" }), ["s".repeat(32), "2001:db8::1", undefined]);
  });

  test("is the app's own answer, with our cookies and headers", async () => {
    const seen: unknown[] = [];
    const rewrite = proxy({
      onRequest: (request, { session, headers }) => {
        seen.push(session?.userId, /doorward_access=ey/.test(headers.get("cookie") ?? ""));
        return NextResponse.rewrite(new URL("/en/dashboard", request.url));
      },
    });
    const response = await rewrite(request("/dashboard", { refresh: "dw_rt_old" }));
    assert.deepEqual(seen, ["user_0198a7c2f3b47c1e9d5a6b7c8d9e0f10", true]);
    assert.equal(response.headers.get("x-middleware-rewrite"), `${ISSUER}/en/dashboard`);
    assert.match(rendered(response), /doorward_refresh=dw_rt_new/);
    assert.equal(response.headers.getSetCookie().length, 2);
    const own = await proxy({ onRequest: () => Response.redirect(`${ISSUER}/elsewhere`) })(request("/", { refresh: "dw_rt_old" }));
    assert.equal(location(own), "/elsewhere");
    assert.equal(own.headers.getSetCookie().length, 2);
    let asked = false;
    await proxy({ onRequest: () => void (asked = true) })(request("/dashboard"));
    assert.equal(asked, false);
  });
});

test("the mounted API is left alone", async () => {
  for (const path of ["/api/auth/v1/token/refresh", "/api/auth/v1/session"]) {
    assert.ok(goesOn(await proxy({ protected: ["/"] })(request(path, { refresh: "dw_rt_old" }))));
  }
  assert.equal(doorward.asked.length, 0);
});

test("a basePath is honoured", async () => {
  const handle = proxy();
  const ask = { basePath: "/docs" };
  assert.equal(location(await handle(request("/docs/dashboard?a=b", ask))), "/docs/sign-in?redirect_to=%2Fdashboard%3Fa%3Db");
  const access = await doorward.token();
  assert.equal(location(await handle(request("/docs/sign-in?redirect_to=%2Fdashboard", { ...ask, access }))), "/docs/dashboard");
  assert.ok(goesOn(await handle(request("/docs/api/auth/v1/session", { ...ask, refresh: "dw_rt_old" }))));
  assert.ok(goesOn(await handle(request("/docs/dashboard", { ...ask, access }))));
});

test("a new signing key is learnt of, made-up ones cause no traffic, and a retired one ends", async (t) => {
  const handle = proxy();
  const old = await doorward.token();
  assert.ok(goesOn(await handle(request("/dashboard", { access: old }))));
  const [retired] = doorward.keys;
  doorward.keys = [await newKey("EdDSA"), await newKey("RS256")];
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 11_000 });
  for (const key of doorward.keys) {
    assert.ok(goesOn(await handle(request("/dashboard", { access: await doorward.token({}, { key }) }))), key.alg);
  }
  assert.match(location(await handle(request("/dashboard", { access: old })))!, /^\/sign-in/);
  doorward.asked.length = 0;
  for (let round = 0; round < 10; round++) {
    await handle(request("/dashboard", { access: await doorward.token({}, { key: retired! }) }));
  }
  assert.equal(doorward.asked.length, 0);
  t.mock.timers.reset();
  doorward.keys = [retired!];
});
