import assert from "node:assert/strict";
import { after, before, test } from "node:test";
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
