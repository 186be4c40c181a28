// What `auth()` costs in CPU time, against one bare ES256 verification with a parsed key in the same run: rounds alternate, medians.
// `npm run bench`.

import { createServer } from "node:http";
import { createPublicKey, verify as verifyBare } from "node:crypto";
import { compactVerify, exportJWK, generateKeyPair, SignJWT } from "jose";
import { createAuthOn } from "../dist/server/auth.js";

const [ROUNDS, CALLS, TOKENS] = [15, 2000, 200];
const ISSUER = "http://localhost:3000";

const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256", use: "sig" };
const tokens = await Promise.all(Array.from({ length: TOKENS }, token));

const doorward = createServer((_, answer) => answer.end(JSON.stringify({ keys: [jwk] }))).listen(0, "127.0.0.1");
await new Promise((resolve) => doorward.once("listening", resolve));
let current;
const redirect = (path) => {
  throw new Error(path);
};
const { auth } = createAuthOn({ headers: async () => current, redirect }, { url: `http://127.0.0.1:${doorward.address().port}`, publicUrl: ISSUER });

/** A request as a browser sends it. */
const request = (token) =>
  new Headers({
    accept: "text/html,application/xhtml+xml",
    "accept-language": "en",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    cookie: `theme=dark; doorward_device=dw_dv_${"x".repeat(43)}; doorward_access=${token}; doorward_refresh=dw_rt_${"x".repeat(76)}`,
  });
const requests = () => tokens.map(request);
const parts = tokens.map((token) => {
  const at = token.lastIndexOf(".");
  return [Buffer.from(token.slice(0, at)), Buffer.from(token.slice(at + 1), "base64url")];
});

const nodeKey = createPublicKey({ key: jwk, format: "jwk" });

/** What is measured: each gets what it works on ready made, and says whether it went well. */
const WORK = {
  "auth(), a request": [requests, async (headers) => ((current = headers), (await auth()) !== null)],
  "auth() again in the same request": [
    () => {
      const [one] = requests();
      return tokens.map(() => one);
    },
    async (headers) => ((current = headers), (await auth()) !== null),
  ],
  "bare, jose": [() => tokens, async (one) => Boolean(await compactVerify(one, publicKey))],
  "bare, node:crypto": [() => parts, ([text, signature]) => verifyBare("sha256", text, { key: nodeKey, dsaEncoding: "ieee-p1363" }, signature)],
};

/** Microseconds of CPU time per call, of all threads. */
async function measure([prepare, act]) {
  let spent = 0;
  for (let done = 0; done < CALLS; done += TOKENS) {
    const all = prepare();
    const before = process.cpuUsage();
    for (const one of all) if (!(await act(one))) throw new Error("refused");
    const { user, system } = process.cpuUsage(before);
    spent += user + system;
  }
  return spent / CALLS;
}

const measured = Object.fromEntries(Object.keys(WORK).map((name) => [name, []]));
for (let round = -1; round < ROUNDS; round++) {
  for (const [name, work] of Object.entries(WORK)) {
    const cost = await measure(work);
    // The first round is for the compiler.
    if (round >= 0) measured[name].push(cost);
  }
}
doorward.close();

const median = (name) => measured[name].sort((a, b) => a - b)[ROUNDS >> 1];
for (const name of Object.keys(WORK)) console.log(`${name}: ${median(name).toFixed(1)} µs`);
for (const bare of ["bare, jose", "bare, node:crypto"]) {
  console.log(`auth() against ${bare}: ${(median(bare) / median("auth(), a request")).toFixed(2)} (limit ÷ measured)`);
}

function token(_, at) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: ISSUER,
    sub: "user_0198a7c2f3b47c1e9d5a6b7c8d9e0f10",
    aud: ISSUER,
    exp: now + 600,
    iat: now,
    jti: `token_0198a7c2f3b47c1e9d5a6b7c8d9e${at + 1000}`,
    sid: "session_0198a7c2f3b47c1e9d5a6b7c8d9e0f11",
    client_id: "doorward",
    scope: "openid profile email",
    auth_time: now,
    amr: ["pwd"],
    acr: "aal1",
    email_verified: true,
  };
  return new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: "k1", typ: "at+jwt" }).sign(privateKey);
}
