import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { add, autofill, enrol, list, reauthenticate, remove, secondStep, signIn, type Tools } from "../src/client/passkey.js";
import type { Result } from "../src/client/results.js";

const world = globalThis as Record<string, unknown>;
const bytes = (text: string) => new TextEncoder().encode(text).buffer as ArrayBuffer;
const base64url = (text: string) => Buffer.from(text).toString("base64url");

type Asked = { publicKey: Record<string, unknown>; mediation?: string; signal?: AbortSignal };

/** What the browser was asked, and what was sent to Doorward. */
let asked: Asked[];
let sent: [path: string, body: unknown][];
/** What the browser answers. */
let answer: (asked: Asked) => unknown;
let finish: Result<unknown>;
let tools: Tools;

const options = {
  challenge: base64url("a challenge?>"),
  rpId: "localhost",
  userVerification: "preferred",
  user: { id: base64url("ada"), name: "ada", displayName: "Ada" },
  excludeCredentials: [{ type: "public-key", id: base64url("old") }],
  allowCredentials: [{ type: "public-key", id: base64url("old") }],
};
/** As a browser makes it that can't write JSON. */
const credential = () => ({
  id: base64url("id"),
  rawId: bytes("id"),
  type: "public-key",
  response: { clientDataJSON: bytes("{}"), authenticatorData: bytes("data"), signature: bytes("~~~"), userHandle: null, getTransports: () => ["internal"] },
});

beforeEach(() => {
  asked = [];
  sent = [];
  answer = credential;
  finish = { ok: true, data: { status: "signed_in" } };
  const take = async (path: string, body: unknown) => {
    sent.push([path, body]);
    return (path.endsWith("/start") ? { ok: true, data: { passkey_token: "dw_pk_1", options } } : finish) as never;
  };
  tools = { call: (_, path, body) => take(path, body), enter: take, raise: take };
  const wait = async (asking: Asked) => {
    asked.push(asking);
    return answer(asking);
  };
  world["PublicKeyCredential"] = { isConditionalMediationAvailable: async () => true };
  Object.defineProperty(globalThis, "navigator", { value: { credentials: { get: wait, create: wait } }, configurable: true, writable: true });
});
afterEach(() => {
  delete world["PublicKeyCredential"];
});

/** What a browser does that is told to stop. */
const untilAborted = ({ signal }: Asked) =>
  new Promise((_, reject) => {
    const stop = () => reject(new DOMException("", "AbortError"));
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
  });

describe("passkeys", () => {
  test("are asked for and answered in JSON by browsers that don't know it", async () => {
    assert.equal((await signIn(tools, { remember: () => true })).ok, true);
    const { publicKey } = asked[0]!;
    assert.equal(Buffer.from(publicKey["challenge"] as Uint8Array).toString(), "a challenge?>");
    assert.equal(Buffer.from((publicKey["allowCredentials"] as { id: Uint8Array }[])[0]!.id).toString(), "old");
    const response = { clientDataJSON: base64url("{}"), authenticatorData: base64url("data"), signature: base64url("~~~"), transports: ["internal"] };
    const plain = { id: base64url("id"), rawId: base64url("id"), type: "public-key", response };
    const begun = ["/v1/sign-in/passkey/start", undefined];
    assert.deepEqual(sent, [begun, ["/v1/sign-in/passkey/finish", { passkey_token: "dw_pk_1", credential: plain, remember: true }]]);

    sent = [];
    await add(tools, { name: "Phone" });
    const { user, excludeCredentials } = asked[1]!.publicKey as { user: { id: Uint8Array }; excludeCredentials: { id: Uint8Array }[] };
    assert.deepEqual([user.id, excludeCredentials[0]!.id].map((id) => Buffer.from(id).toString()), ["ada", "old"]);
    assert.deepEqual(sent[1], ["/v1/me/passkeys/finish", { passkey_token: "dw_pk_1", credential: plain, name: "Phone" }]);

    sent = [];
    await secondStep(tools, { mfa_token: "dw_mfa_1", trust_device: true });
    const step = { mfa_token: "dw_mfa_1", method: "passkey" };
    assert.deepEqual(sent, [["/v1/sign-in/mfa/start", step], ["/v1/sign-in/mfa", { ...step, passkey_token: "dw_pk_1", credential: plain, trust_device: true }]]);

    sent = [];
    await enrol(tools, { mfa_token: "dw_mfa_1", name: "Phone" });
    await enrol(tools, { mfa_token: "dw_mfa_1" });
    const enrolment = { mfa_token: "dw_mfa_1", passkey_token: "dw_pk_1", credential: plain };
    const enrols = ["/v1/sign-in/enrol/passkey/start", { mfa_token: "dw_mfa_1" }];
    const enrolled = "/v1/sign-in/enrol/passkey/finish";
    assert.deepEqual(sent, [enrols, [enrolled, { ...enrolment, name: "Phone" }], enrols, [enrolled, enrolment]]);
    assert.equal(Buffer.from((asked.at(-1)!.publicKey["user"] as { id: Uint8Array }).id).toString(), "ada");

    sent = [];
    await reauthenticate(tools);
    assert.deepEqual(sent, [["/v1/reauthenticate/start", { method: "passkey" }], ["/v1/reauthenticate", { passkey_token: "dw_pk_1", credential: plain }]]);
  });

  test("are left to browsers that know it, but for a toJSON that does not work", async () => {
    const parsed = { challenge: "parsed" };
    world["PublicKeyCredential"] = { parseRequestOptionsFromJSON: () => parsed, parseCreationOptionsFromJSON: () => parsed };
    const json = { id: "x", response: { clientDataJSON: "y" } };
    answer = () => ({ ...credential(), toJSON: () => json });
    await signIn(tools);
    await add(tools);
    assert.deepEqual(asked.map(({ publicKey }) => publicKey), [parsed, parsed]);
    assert.deepEqual((sent[1]![1] as { credential: unknown }).credential, json);
    for (const toJSON of [() => ({}), () => { throw new TypeError("Illegal invocation"); }]) {
      answer = () => ({ ...credential(), toJSON });
      await signIn(tools);
      const { credential: made } = sent.at(-1)![1] as { credential: { response: object } };
      assert.ok("signature" in made.response);
    }
  });

  test("that did not ask who one is are told to the next time, there alone, until one is accepted", async () => {
    const form = { mfa_token: "dw_mfa_1" };
    const refused: Result<unknown> = { ok: false, error: { code: "user_verification_required", status: 401, detail: "", fields: {}, retryAfter: undefined } };
    const asks = async (how: () => Promise<unknown>) => {
      await how();
      return asked.at(-1)!.publicKey["userVerification"];
    };
    const signsIn = [() => signIn(tools), () => autofill(tools)];
    const others = [() => secondStep(tools, form), () => reauthenticate(tools)];
    for (const [first, ...rest] of [signsIn, ...others.map((way) => [way])]) {
      finish = refused;
      assert.equal(await asks(first!), "preferred");
      for (const way of [first!, ...rest]) assert.equal(await asks(way), "required");
      answer = () => null;
      assert.equal(await asks(first!), "required", "cancelled");
      answer = credential;
      finish = { ok: true, data: { status: "signed_in" } };
      assert.equal(await asks(first!), "required");
      assert.equal(await asks(first!), "preferred");
    }
    finish = refused;
    await signIn(tools);
    finish = { ok: true, data: { status: "signed_in" } };
    for (const way of others) assert.equal(await asks(way), "preferred");
    await signIn(tools);
  });

  test("fail with codes of their own, and send nothing then", async () => {
    for (const [name, code] of [
      ["NotAllowedError", "passkey_cancelled"],
      ["AbortError", "passkey_cancelled"],
      ["InvalidStateError", "passkey_exists"],
      ["SecurityError", "passkey_refused"],
      ["NotSupportedError", "passkey_unsupported"],
      ["ConstraintError", "passkey_unsupported"],
      ["UnknownError", "unavailable"],
    ]) {
      answer = () => {
        throw new DOMException("", name);
      };
      const { error } = await add(tools);
      assert.deepEqual([error?.code, error?.status, Boolean(error?.detail)], [code, 0, true]);
    }
    answer = () => null;
    assert.equal((await signIn(tools)).error?.code, "passkey_cancelled");
    assert.ok(sent.every(([path]) => path.endsWith("/start")));
    sent = [];
    delete world["PublicKeyCredential"];
    const all = await Promise.all([signIn(tools), autofill(tools), add(tools), enrol(tools, { mfa_token: "dw_mfa_1" })]);
    assert.deepEqual(all.map(({ error }) => error?.code), Array(4).fill("passkey_unsupported"));
    assert.deepEqual(sent, []);
    world["PublicKeyCredential"] = {};
    assert.equal((await autofill(tools)).error?.code, "passkey_unsupported");
  });

  test("wait beside the names until they are chosen, or somebody presses the button, or leaves", async () => {
    answer = untilAborted;
    const leaving = new AbortController();
    const left = autofill(tools, { signal: leaving.signal });
    setTimeout(() => leaving.abort(), 5);
    assert.equal((await left).error?.code, "passkey_cancelled");
    assert.equal(asked[0]!.mediation, "conditional");

    const offered = autofill(tools);
    await new Promise((resolve) => setTimeout(resolve, 5));
    answer = credential;
    const [button, other] = await Promise.all([signIn(tools), offered]);
    assert.deepEqual([button.ok, other.error?.code], [true, "passkey_cancelled"]);
    assert.equal((await autofill(tools)).ok, true);
  });

  test("wait on with a new challenge before the old one runs out", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    world["document"] = { visibilityState: "visible" };
    answer = (asking) => (asked.length === 1 ? untilAborted(asking) : credential());
    const offered = autofill(tools);
    for (let round = 0; round < 20; round++) await Promise.resolve();
    t.mock.timers.tick(8 * 60_000);
    assert.equal((await offered).ok, true);
    assert.deepEqual(sent.map(([path]) => path.split("/").at(-1)), ["start", "start", "finish"]);
    delete world["document"];
  });

  test("that no account has any more are told to the password manager", async () => {
    const told: unknown[] = [];
    Object.assign(world["PublicKeyCredential"] as object, { signalUnknownCredential: async (passkey: unknown) => told.push(passkey) });
    finish = { ok: false, error: { code: "passkey_unknown", status: 401, detail: "", fields: {}, retryAfter: undefined } };
    assert.equal((await signIn(tools)).error?.code, "passkey_unknown");
    assert.deepEqual(told, [{ rpId: "localhost", credentialId: base64url("id") }]);
  });

  test("that are removed are told to the password manager, and so is what the account is called", async () => {
    const told: unknown[] = [];
    const hears = (what: string) => async (words: unknown) => void told.push([what, words]);
    const account = { rpId: "localhost", userId: base64url("ada") };
    const signals = { ...account, name: "ada@example.com", displayName: "Ada", allAcceptedCredentialIds: [base64url("left")] };
    const [all, named] = [
      ["all", { ...account, allAcceptedCredentialIds: [base64url("left")] }],
      ["named", { ...account, name: "ada@example.com", displayName: "Ada" }],
    ];
    const items = [{ id: "passkey_2" }];
    const asks: string[] = [];
    const refused: Result<never> = { ok: false, error: { code: "last_sign_in_method", status: 409, detail: "", fields: {}, retryAfter: undefined } };
    let removal: Result<unknown> = { ok: true, data: undefined };
    tools.call = async (method, path) => {
      asks.push(`${method} ${path}`);
      return (method === "DELETE" ? removal : { ok: true, data: { items, signals } }) as never;
    };
    world["PublicKeyCredential"] = { signalAllAcceptedCredentials: hears("all"), signalCurrentUserDetails: hears("named") };

    assert.deepEqual(await remove(tools, "passkey_1"), removal);
    assert.deepEqual(asks, ["DELETE /v1/me/passkeys/passkey_1", "GET /v1/me/passkeys"]);
    assert.deepEqual(told.splice(0), [all, named]);
    assert.deepEqual(await list(tools), { ok: true, data: items });
    assert.deepEqual(told.splice(0), [all, named]);

    removal = refused;
    assert.deepEqual(await remove(tools, "passkey_2"), refused);
    assert.deepEqual(told, [], "what stays is not taken from the device");

    // Older browsers, and password managers that want none of it.
    removal = { ok: true, data: undefined };
    const fails = async () => Promise.reject(new DOMException("", "SecurityError"));
    for (const known of [undefined, {}, { signalAllAcceptedCredentials: fails, signalCurrentUserDetails: fails }]) {
      world["PublicKeyCredential"] = known;
      assert.equal((await remove(tools, "passkey_1")).ok, true);
    }
    tools.call = async () => refused;
    assert.deepEqual(await list(tools), refused);
  });

  test("that are being made are not dropped from the device by a list that does not have them yet", async () => {
    const told: unknown[] = [];
    const hears = async (words: unknown) => void told.push(words);
    world["PublicKeyCredential"] = { signalAllAcceptedCredentials: hears, signalCurrentUserDetails: hears };
    const { call } = tools;
    const lists: (() => void)[] = [];
    const signals = { rpId: "localhost", userId: "", name: "", displayName: "", allAcceptedCredentialIds: [] };
    tools.call = async (method, path, body) => {
      if (method === "POST") return call(method, path, body);
      await new Promise<void>((resolve) => lists.push(resolve));
      return { ok: true, data: { items: [], signals } } as never;
    };
    const earlier = list(tools);
    const made = add(tools);
    const meanwhile = list(tools);
    await made;
    for (const answered of lists.splice(0)) answered();
    await Promise.all([earlier, meanwhile]);
    assert.deepEqual(told, []);

    const later = list(tools);
    lists.pop()?.();
    await later;
    assert.equal(told.length, 2, "a list that was asked for afterwards is told");
  });
});
