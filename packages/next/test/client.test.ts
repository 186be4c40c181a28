import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { createAuthClient, type AuthClient } from "../src/client/index.js";
import { sha256, solve } from "../src/client/challenge.js";
import { createHash } from "node:crypto";

const ORIGIN = "http://localhost:3000";

type Answer = (request: Request, body: string) => Response | Promise<Response>;

/** A browser with tabs, whose requests `answer` answers. */
let answer: Answer;
let sent: { method: string; path: string; body: string; token: number }[];
/** How often tokens were refreshed: what the cookies hold. */
let generation: number;
let storage: Record<string, string>;
let locked: Promise<unknown>;
let channels: { onmessage: ((event: { data: unknown }) => void) | null }[];

const world = globalThis as Record<string, unknown>;
const original = { fetch: globalThis.fetch, Request: globalThis.Request };

const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status, headers: { "content-type": "application/problem+json" } });
const refusal = (code: string, status = 401, more = {}) => json(status, { code, status, detail: code, title: code, type: "about:blank", ...more });
const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

beforeEach(() => {
  sent = [];
  generation = 1;
  storage = {};
  locked = Promise.resolve();
  channels = [];
  answer = () => json(200, {});
  class BrowserRequest extends original.Request {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      super(typeof input === "string" && input.startsWith("/") ? ORIGIN + input : input, init);
    }
    override clone() {
      return new BrowserRequest(super.clone());
    }
  }
  class Channel {
    onmessage: ((event: { data: unknown }) => void) | null = null;
    constructor() {
      channels.push(this);
    }
    postMessage(data: unknown) {
      for (const other of channels) if (other !== this) setTimeout(() => other.onmessage?.({ data: structuredClone(data) }));
    }
  }
  world.Request = BrowserRequest;
  world.BroadcastChannel = Channel;
  world.window = world;
  world.location = { origin: ORIGIN };
  world.localStorage = storage;
  define("navigator", {
    locks: {
      request: (_: string, task: () => Promise<unknown>) => {
        const turn = locked.then(task);
        locked = turn.catch(() => {});
        return turn;
      },
    },
  });
  world.fetch = async (input: RequestInfo, init?: RequestInit) => {
    const request = new BrowserRequest(input, init);
    const entry = { method: request.method, path: request.url.replace(ORIGIN, ""), body: "", token: generation };
    sent.push(entry);
    entry.body = await request.text();
    return answer(request, entry.body);
  };
});
afterEach(() => {
  world.fetch = original.fetch;
  world.Request = original.Request;
  for (const name of ["window", "location", "localStorage"]) delete world[name];
});

function define(name: string, value: unknown) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

/** The app's API knows tokens from generation 2 on; Doorward refreshes. */
function expiring({ code = "token_expired", refreshing = () => json(200, { expires_in: 600 }) as Response | Promise<Response> } = {}) {
  answer = async (request) => {
    const token = generation;
    await later(5);
    if (request.url.endsWith("/v1/token/refresh")) {
      const response = await refreshing();
      if (response.ok) generation++;
      return response;
    }
    return token >= 2 ? json(200, { token }) : refusal(code);
  };
}
/** Code of its own, as each page has. */
async function tab(name: string): Promise<AuthClient> {
  const { href } = new URL(`../src/client/index.js?${name}`, import.meta.url);
  return ((await import(href)) as { createAuthClient: typeof createAuthClient }).createAuthClient();
}
const refreshes = () => sent.filter(({ path }) => path.endsWith("/v1/token/refresh")).length;

describe("fetch", () => {
  test("refreshes once for all calls in all tabs, and sends each again", async () => {
    for (const locks of [true, false]) {
      sent = [];
      generation = 1;
      delete storage["doorward"];
      if (!locks) define("navigator", {});
      expiring();
      const tabs = locks ? [createAuthClient(), createAuthClient(), createAuthClient()] : [createAuthClient()];
      const all = await Promise.all(tabs.flatMap((tab) => Array.from({ length: 10 }, (_, at) => tab.fetch(`/api/things/${at}`))));
      assert.ok(all.every((response) => response.status === 200));
      assert.equal(refreshes(), 1);
      assert.equal(sent.length, tabs.length * 20 + 1);
    }
  });

  test("just sends again where another refreshed after the request was sent", async () => {
    expiring();
    const client = createAuthClient();
    const slow = client.fetch("/api/slow");
    await later(2);
    generation = 2;
    storage["doorward"] = String(Date.now());
    assert.equal((await slow).status, 200);
    assert.equal(refreshes(), 0);
  });

  test("refreshes in spite of a time to come, from a clock that was set back", async () => {
    expiring();
    storage["doorward"] = String(Date.now() + 3_600_000);
    assert.equal((await createAuthClient().fetch("/api/x")).status, 200);
    assert.equal(refreshes(), 1);
  });

  test("works where no storage is allowed", async () => {
    expiring();
    Object.defineProperty(globalThis, "localStorage", { configurable: true, get() { throw new Error("SecurityError"); } });
    const client = createAuthClient();
    const all = await Promise.all([client.fetch("/api/a"), client.fetch("/api/b")]);
    assert.ok(all.every(({ status }) => status === 200));
    assert.equal(refreshes(), 1);
    Object.defineProperty(globalThis, "localStorage", { configurable: true, writable: true, value: storage });
  });

  test("sends the body again, whatever it is made of", async () => {
    const form = new FormData();
    form.set("a", "b");
    const bodies: [string, RequestInit["body"], string | RegExp][] = [
      ["text", "plain", "plain"],
      ["bytes", new TextEncoder().encode("bytes"), "bytes"],
      ["blob", new Blob(["blob"]), "blob"],
      ["parameters", new URLSearchParams({ a: "b" }), "a=b"],
      ["form", form, /name="a"\r\n\r\nb/],
    ];
    for (const [name, body, text] of bodies) {
      for (const asRequest of [false, true]) {
        sent = [];
        generation = 1;
        delete storage["doorward"];
        expiring();
        const init = { method: "PUT", body: body!, headers: { "x-a": "b" } };
        const response = await (asRequest ? createAuthClient().fetch(new Request(`${ORIGIN}/api/x`, init)) : createAuthClient().fetch("/api/x", init));
        assert.equal(response.status, 200, name);
        const [first, , second] = sent;
        assert.deepEqual([first!.method, second!.method], ["PUT", "PUT"]);
        if (typeof text === "string") assert.deepEqual([first!.body, second!.body], [text, text], name);
        else assert.ok(text.test(first!.body) && second!.body === first!.body, name);
      }
    }
  });

  test("sends once what is too large to be kept, and streams", async () => {
    expiring();
    const large = await createAuthClient().fetch("/api/x", { method: "POST", body: "x".repeat(1024 * 1024 + 1) });
    assert.equal(large.status, 401);
    assert.equal(sent[0]!.body.length, 1024 * 1024 + 1);
    const stream = new Blob(["streamed"]).stream();
    const streamed = await createAuthClient().fetch("/api/x", { method: "POST", body: stream, duplex: "half" } as RequestInit);
    assert.equal(streamed.status, 401);
    assert.equal(refreshes(), 0);
    assert.equal(sent.length, 2);
    assert.equal(sent[1]!.body, "streamed");
  });

  test("never refreshes for another origin", async () => {
    answer = () => refusal("token_expired");
    for (const url of ["https://api.example.com/x", "http://localhost:3001/x", "http://localhost.evil.example/x", "https://localhost:3000/x"]) {
      assert.equal((await createAuthClient().fetch(url)).status, 401);
    }
    assert.equal(refreshes(), 0);
  });

  test("leaves every other answer alone", async () => {
    for (const response of [
      () => refusal("invalid_credentials"),
      () => refusal("session_revoked"),
      () => refusal("token_expired", 403),
      () => new Response("Unauthorized", { status: 401 }),
      () => new Response("{", { status: 401 }),
      () => json(500, {}),
    ]) {
      answer = response;
      await createAuthClient().fetch("/api/x");
    }
    assert.equal(refreshes(), 0);
  });

  test("hands the refusal on where the session is over, and asks no more", async () => {
    expiring({ code: "not_authenticated", refreshing: () => refusal("not_authenticated") });
    const client = createAuthClient();
    for (let round = 0; round < 3; round++) {
      const response = await client.fetch("/api/x");
      assert.equal(((await response.json()) as { code: string }).code, "not_authenticated");
    }
    assert.equal(refreshes(), 1);
  });

  test("repeats a refresh whose answer got lost", async () => {
    let lost = 0;
    expiring({
      refreshing: () => {
        if (lost++) return json(200, {});
        throw new TypeError("network");
      },
    });
    assert.equal((await createAuthClient().fetch("/api/x")).status, 200);
    assert.equal(refreshes(), 2);
  });

  test("is given back as it was while Doorward is away", async () => {
    expiring({ refreshing: () => refusal("unavailable", 503) });
    const client = createAuthClient();
    const heard: unknown[] = [];
    client.on("signed-out", (detail) => heard.push(detail));
    assert.equal((await client.fetch("/api/x")).status, 401);
    assert.deepEqual(heard, []);
  });
});

describe("sign-out", () => {
  test("waits for a refresh under way, and is heard in every tab", async () => {
    const order: string[] = [];
    expiring();
    const known = answer;
    answer = async (request, body) => {
      const path = new URL(request.url).pathname;
      order.push(`> ${path}`);
      if (path.endsWith("/sign-out")) return new Response(null, { status: 204 });
      const response = await known(request, body);
      order.push(`< ${path}`);
      return response;
    };
    const [one, two] = [createAuthClient(), createAuthClient()];
    const heard: string[] = [];
    one.on("signed-out", () => heard.push("one"));
    const end = two.on("signed-out", () => heard.push("two"));
    const refreshing = one.refresh();
    const out = two.signOut();
    assert.equal((await refreshing).ok, true);
    assert.equal((await out).ok, true);
    await later(10);
    assert.deepEqual(order, ["> /api/auth/v1/token/refresh", "< /api/auth/v1/token/refresh", "> /api/auth/v1/sign-out"]);
    assert.deepEqual(heard.sort(), ["one", "two"]);
    end();
    await two.signOut({ everywhere: true });
    await later(10);
    assert.deepEqual(heard, ["one", "two", "one"]);
    assert.equal(sent.at(-1)!.path, "/api/auth/v1/sign-out/all");
  });

  test("is known to a page that was under way, as a sign-in of somebody else is, until it hears of one", async (t) => {
    const [one, late] = [await tab("one"), await tab("late")];
    answer = () => json(200, { status: "signed_in" });
    assert.equal(late.missedSignOut(), false);
    one.on("signed-in", () => {});
    for (const change of [() => one.signOut(), () => one.signIn({ identifier: "bob", password: "b" })]) {
      for (const name of Object.keys(storage)) delete storage[name];
      await change();
      assert.deepEqual([one.missedSignOut(), late.missedSignOut()], [false, true]);
      // What nobody listened to was not heard.
      await later(5);
      assert.equal(late.missedSignOut(), true);
      const now = t.mock.method(performance, "now", () => -1);
      assert.equal(late.missedSignOut(), false, "a page that was asked for afterwards");
      now.mock.restore();
    }
    await later(2);
    await one.refresh();
    assert.equal(late.missedSignOut(), true, "new tokens of whoever signed in change nothing");
    late.on("signed-in", () => {});
    await one.signIn({ identifier: "ada", password: "b" });
    await later(5);
    assert.equal(late.missedSignOut(), false);
    Object.defineProperty(globalThis, "localStorage", { configurable: true, get() { throw new Error("SecurityError"); } });
    assert.equal(late.missedSignOut(), false);
    Object.defineProperty(globalThis, "localStorage", { configurable: true, writable: true, value: storage });
  });

  test("everywhere, of a session that had ended already, signs out here and says that it did no more", async () => {
    answer = (request) => (request.url.endsWith("/all") ? refusal("session_revoked") : new Response(null, { status: 204 }));
    const [one, two] = [createAuthClient(), createAuthClient()];
    const heard: unknown[] = [];
    for (const client of [one, two]) client.on("signed-out", (detail) => heard.push(detail));
    const { ok, error } = await one.signOut({ everywhere: true });
    assert.deepEqual([ok, error?.code], [false, "session_revoked"]);
    assert.deepEqual(sent.map(({ path }) => path), ["/api/auth/v1/sign-out/all", "/api/auth/v1/sign-out"]);
    await later(5);
    assert.deepEqual(heard, [{ code: "session_revoked" }, { code: "session_revoked" }]);
  });

  test("that fails tells nobody", async () => {
    answer = () => refusal("unavailable", 503, { retry_after: 5 });
    const client = createAuthClient();
    client.on("signed-out", () => assert.fail("told"));
    const { ok, error } = await client.signOut();
    assert.deepEqual([ok, error?.code, error?.retryAfter], [false, "unavailable", 5]);
  });
});

describe("sign-in and the rest", () => {
  let client: AuthClient;
  beforeEach(() => {
    client = createAuthClient({ basePath: "/docs/api/auth" });
  });

  test("answer with what was wrong, field by field", async () => {
    answer = () => refusal("validation_failed", 422, { errors: [{ field: "password", code: "too_short", detail: "Use at least 8 characters." }] });
    const result = await client.signUp({ email: "ada@example.com", password: "x" });
    assert.equal(result.ok, false);
    assert.equal(result.error!.code, "validation_failed");
    assert.equal(result.error!.fields["password"]!.code, "too_short");
    assert.equal(sent[0]!.path, "/docs/api/auth/v1/sign-up");
    answer = () => new Response("<h1>Bad gateway</h1>", { status: 502 });
    assert.deepEqual([(await client.signIn({ identifier: "a", password: "b" })).error?.code, (await client.session()).error?.status], ["unavailable", 502]);
    answer = () => {
      throw new TypeError("network");
    };
    const away = await client.signIn({ identifier: "a", password: "b" });
    assert.deepEqual([away.error?.code, away.error?.status], ["unavailable", 0]);
  });

  test("are heard in every tab where somebody came in", async () => {
    const heard: string[] = [];
    createAuthClient().on("signed-in", () => heard.push("other"));
    client.on("signed-in", () => heard.push("own"));
    answer = () => json(202, { next: "verify_email" });
    await client.signUp({ email: "ada@example.com", password: "x" });
    await later(5);
    assert.deepEqual(heard, []);
    answer = () => json(200, { status: "signed_in" });
    await client.verify({ token: "x" });
    await later(5);
    assert.deepEqual(heard.sort(), ["other", "own"]);
  });

  test("are heard only once the second step is done", async () => {
    const heard: string[] = [];
    const other = createAuthClient();
    for (const event of ["signed-in", "confirmed", "refreshed"] as const) {
      client.on(event, () => heard.push(`own ${event}`));
      other.on(event, () => heard.push(`other ${event}`));
    }
    for (const status of ["mfa_required", "enrolment_required"]) {
      answer = () => json(200, { status, mfa_token: "dw_mfa_1", methods: ["totp"], expires_in: 600 });
      const result = await client.signIn({ identifier: "ada", password: "b" });
      assert.equal(result.data?.status, status);
      if (result.data?.status === "mfa_required") assert.equal(result.data.mfa_token, "dw_mfa_1");
    }
    answer = () => json(200, { secret: "ABC", otpauth_uri: "otpauth://totp/x", qr_svg: "<svg/>" });
    assert.equal((await client.enrolment.start({ mfa_token: "dw_mfa_1" })).data?.secret, "ABC");
    answer = () => json(202, { ready_at: "2026-01-02T00:00:00Z" });
    assert.equal((await client.recover({ mfa_token: "dw_mfa_1" })).data?.ready_at, "2026-01-02T00:00:00Z");
    answer = () => refusal("invalid_or_expired_code", 400);
    const wrong = await client.secondStep({ mfa_token: "dw_mfa_1", method: "totp", code: "000000" });
    assert.equal(wrong.error?.code, "invalid_or_expired_code");
    await later(5);
    assert.deepEqual([heard, storage], [[], {}], "nobody came in so far");

    answer = () => json(200, { status: "signed_in", expires_in: 600, backup_codes: ["1"] });
    const form = { mfa_token: "dw_mfa_1", method: "totp", code: "123456", trust_device: true } as const;
    assert.equal((await client.secondStep(form)).data?.status, "signed_in");
    await later(5);
    assert.deepEqual(heard.splice(0).sort(), ["other signed-in", "own signed-in"]);
    const enrolled = await client.enrolment.confirm({ mfa_token: "dw_mfa_1", code: "123456" });
    assert.deepEqual(enrolled.data?.backup_codes, ["1"]);
    await later(5);
    assert.deepEqual(heard.sort(), ["other signed-in", "own signed-in"]);
    assert.deepEqual(
      sent.slice(2).map(({ path }) => path.replace("/docs/api/auth/v1/", "")),
      ["sign-in/enrol/totp", "recovery", "sign-in/mfa", "sign-in/mfa", "sign-in/enrol/totp/confirm"],
    );
    assert.deepEqual(JSON.parse(sent[5]!.body), form);
  });

  test("by mail are heard once the link or the code was right, and never ask for tokens in the answer", async () => {
    const heard: string[] = [];
    const other = createAuthClient();
    client.on("signed-in", () => heard.push("own"));
    other.on("signed-in", () => heard.push("other"));
    answer = () => json(202, { expires_in: 600 });
    assert.deepEqual((await client.emailSignIn.start({ email: "ada@example.com", remember: true })).data, { expires_in: 600 });
    answer = () => refusal("invalid_or_expired_token", 400);
    assert.equal((await client.emailSignIn.verify({ token: "x" })).error?.code, "invalid_or_expired_token");
    answer = () => json(200, { status: "mfa_required", mfa_token: "dw_mfa_1", methods: ["sms"], expires_in: 600 });
    assert.equal((await client.emailSignIn.verify({ token: "x" })).data?.status, "mfa_required");
    await later(5);
    assert.deepEqual(heard, [], "nobody came in so far");
    answer = () => json(200, { status: "signed_in", expires_in: 600 });
    assert.equal((await client.emailSignIn.verify({ email: "ada@example.com", code: "123456" })).data?.status, "signed_in");
    await later(5);
    assert.deepEqual(heard.sort(), ["other", "own"]);
    assert.deepEqual(
      sent.map(({ path, body }) => [path.split("/v1/")[1], JSON.parse(body)]),
      [
        ["sign-in/email", { email: "ada@example.com", remember: true }],
        ["sign-in/email/verify", { token: "x" }],
        ["sign-in/email/verify", { token: "x" }],
        ["sign-in/email/verify", { email: "ada@example.com", code: "123456" }],
      ],
    );
  });

  test("send codes by SMS, and every tab hears of a number that was verified", async () => {
    const heard: string[] = [];
    createAuthClient().on("confirmed", () => heard.push("other"));
    client.on("confirmed", () => heard.push("own"));
    answer = () => new Response(null, { status: 202 });
    assert.equal((await client.phone.sendCode({ mfa_token: "dw_mfa_1" })).ok, true);
    assert.equal((await client.phone.sendCode()).ok, true);
    assert.equal((await client.phone.add({ phone_number: "+43 664 1234567" })).ok, true);
    await later(5);
    assert.deepEqual(heard, []);
    answer = () => json(200, { phone_number: "+436641234567", pending_phone_number: null, backup_codes: ["1"], expires_in: 600 });
    const { data } = await client.phone.verify({ code: "123456" });
    assert.deepEqual([data?.phone_number, data?.backup_codes], ["+436641234567", ["1"]]);
    await later(5);
    assert.deepEqual(heard.sort(), ["other", "own"]);
    assert.deepEqual(
      sent.map(({ path, body }) => [path.split("/v1/")[1], JSON.parse(body)]),
      [
        ["sign-in/mfa/start", { mfa_token: "dw_mfa_1", method: "sms" }],
        ["reauthenticate/start", { method: "sms" }],
        ["me/phone", { phone_number: "+43 664 1234567" }],
        ["me/phone/verify", { code: "123456" }],
      ],
    );
  });

  test("prove once more who it is, with a token that has run out too, and every tab hears of it", async () => {
    const heard: string[] = [];
    createAuthClient().on("confirmed", () => heard.push("other"));
    client.on("confirmed", () => heard.push("own"));
    answer = async (request) => {
      const token = generation;
      if (!request.url.endsWith("/v1/token/refresh")) return token >= 2 ? json(200, { expires_in: 600 }) : refusal("token_expired");
      generation++;
      return json(200, { expires_in: 600 });
    };
    assert.equal((await client.reauthenticate({ method: "totp", code: "123456" })).ok, true);
    assert.deepEqual(sent.map(({ path }) => path.split("/v1/")[1]), ["reauthenticate", "token/refresh", "reauthenticate"]);
    assert.equal((await client.totp.confirm({ code: "123456" })).ok, true);
    await later(5);
    assert.deepEqual(heard.sort(), ["other", "other", "own", "own"]);
    answer = () => refusal("reauthentication_required", 403);
    assert.equal((await client.totp.start()).error?.code, "reauthentication_required");
    answer = () => refusal("validation_failed", 422);
    assert.equal((await client.reauthenticate({ password: "x" })).ok, false);
    await later(5);
    assert.equal(heard.length, 4, "who fails has proved nothing");
  });

  test("take new tokens where an address was verified while signed in, and every tab asks anew", async () => {
    const heard: string[] = [];
    createAuthClient().on("confirmed", () => heard.push("other"));
    client.on("confirmed", () => heard.push("own"));
    answer = (request) => json(200, request.url.endsWith("verify") ? { status: "verified" } : {});
    assert.equal((await client.verify({ token: "x" })).ok, true);
    assert.equal(refreshes(), 1);
    await later(5);
    assert.deepEqual(heard.splice(0).sort(), ["other", "own"]);
    // Opened where nobody is signed in.
    answer = (request) => (request.url.endsWith("verify") ? json(200, { status: "verified" }) : refusal("not_authenticated"));
    assert.equal((await client.verify({ token: "x", password: "y" })).ok, true);
    await later(5);
    assert.deepEqual(heard, [], "nobody has a session that could do more now");
  });

  test("solve the puzzle that Doorward asks for", async () => {
    answer = (request, body) => {
      if (request.url.endsWith("/v1/challenge")) return json(200, { challenge: "c.1", difficulty: 10, algorithm: "sha-256" });
      const { challenge_response: solution } = JSON.parse(body) as { challenge_response?: string };
      if (!solution) return refusal("challenge_required", 403);
      const digest = createHash("sha256").update(solution).digest();
      return solution.startsWith("c.1.") && digest.readUInt16BE() >> 6 === 0 ? json(200, { status: "signed_in" }) : refusal("invalid_credentials");
    };
    assert.equal((await client.signIn({ identifier: "ada", password: "b" })).ok, true);
    assert.deepEqual(sent.map(({ path }) => path.replace("/docs/api/auth/v1/", "")), ["sign-in", "challenge", "sign-in"]);
  });

  test("say who is signed in, or nobody", async () => {
    answer = () => refusal("not_authenticated");
    assert.deepEqual(await client.session(), { ok: true, data: null });
    assert.equal(refreshes(), 0);
    expiring();
    assert.equal((await client.session()).ok, true);
    assert.equal(refreshes(), 1);
    const patched = await client.call("PATCH", "/v1/me", { given_name: "Ada" });
    assert.equal(patched.ok, true);
    assert.deepEqual([sent.at(-1)!.method, sent.at(-1)!.body], ["PATCH", '{"given_name":"Ada"}']);
  });
});

test("the puzzle's SHA-256 is SHA-256", async () => {
  for (const text of ["", "abc", "a".repeat(55), "a".repeat(56), "a".repeat(64), "a".repeat(200)]) {
    const words = Buffer.from([...sha256(text)].map((word) => word.toString(16).padStart(8, "0")).join(""), "hex");
    assert.equal(words.toString("hex"), createHash("sha256").update(text).digest("hex"), `${text.length}`);
  }
  assert.match(await solve("x", 4), /^x\.[0-9a-z]{1,32}$/);
});

test("the server renders with a client, and opens nothing", () => {
  for (const name of ["window", "location", "localStorage"]) delete world[name];
  channels = [];
  const client = createAuthClient();
  client.on("signed-in", () => {})();
  assert.equal(channels.length, 0);
});
