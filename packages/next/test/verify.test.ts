import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { DoorwardUnavailable } from "../src/shared/doorward.js";
import { Keys } from "../src/shared/keys.js";
import { settingsOf } from "../src/shared/settings.js";
import { verify } from "../src/shared/verify.js";
import { FakeDoorward, ISSUER, newKey } from "./support/fake-doorward.js";

let doorward: FakeDoorward;
before(async () => {
  doorward = await FakeDoorward.start();
  doorward.keys = await Promise.all(["ES256", "EdDSA", "RS256"].map((alg) => newKey(alg)));
});
after(() => doorward.stop());
beforeEach(() => {
  doorward.asked.length = 0;
  doorward.answer = () => undefined;
});

const KEYS = "/.well-known/jwks.json";
const silent: FakeDoorward["answer"] = ({ path }) => (path === KEYS ? new Promise(() => {}) : undefined);
/** In seconds. */
const PATIENCE = 0.3;
const quickly = async (what: () => Promise<unknown>) => {
  const started = performance.now();
  await what();
  assert.ok(performance.now() - started < (PATIENCE * 1000) / 2, "nobody waits");
};

test("a token has one spelling: whatever its last character becomes, it is refused", async () => {
  const keys = new Keys(settingsOf({ url: doorward.url, publicUrl: ISSUER }));
  for (const key of doorward.keys) {
    for (let round = 0; round < 20; round++) {
      const token = await doorward.token({ round }, { key });
      const good = [];
      for (const last of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
        const spelled = token.slice(0, -1) + last;
        if ((await verify(keys, spelled)).kind === "good") good.push(spelled);
      }
      assert.deepEqual(good, [token], key.alg);
    }
  }
});

test("old keys serve while fresh ones can't be had, and no check waits where one has just waited for nothing", async (t) => {
  const keys = new Keys(settingsOf({ url: doorward.url, publicUrl: ISSUER, timeout: PATIENCE }));
  const now = Math.floor(Date.now() / 1000);
  const token = await doorward.token({ iat: now, exp: now + 7200 });
  const check = async () => assert.equal((await verify(keys, token)).kind, "good");
  await check();
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 16 * 60_000 });
  doorward.answer = silent;
  await Promise.all([check(), check(), check()]);
  assert.equal(doorward.count(KEYS), 2);
  for (let round = 0; round < 5; round++) await quickly(check);
  assert.equal(doorward.count(KEYS), 2);
  t.mock.timers.setTime(Date.now() + 11_000);
  await check();
  assert.equal(doorward.count(KEYS), 3, "tried again after a while");
  doorward.answer = () => undefined;
  assert.equal((await verify(keys, token, true)).kind, "good");
  assert.equal(doorward.count(KEYS), 4, "Doorward answers again: its new token says so");
  await quickly(check);
  assert.equal(doorward.count(KEYS), 4);
});

test("before there are keys nothing is decided, at once where one has just waited for nothing", async (t) => {
  const keys = new Keys(settingsOf({ url: doorward.url, publicUrl: ISSUER, timeout: PATIENCE }));
  const token = await doorward.token();
  const check = () => assert.rejects(verify(keys, token), DoorwardUnavailable);
  doorward.answer = silent;
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  await check();
  for (let round = 0; round < 5; round++) await quickly(check);
  assert.equal(doorward.count(KEYS), 1);
  doorward.answer = () => undefined;
  t.mock.timers.setTime(Date.now() + 1100);
  assert.equal((await verify(keys, token)).kind, "good");
});
