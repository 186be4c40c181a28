// The guides' code and the README's commands, word for word, against a Doorward.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { launch } from "../support/browser.mjs";
import { codeIn, freePort, startServer } from "../support/server.mjs";
import { totp } from "../support/totp.mjs";

const guides = fileURLToPath(new URL("../../../docs/guides/", import.meta.url));
const readme = fileURLToPath(new URL("../../../README.md", import.meta.url));
const BETWEEN = "=== next block ===";
const PASSWORD = "correct horse battery staple";

/** A guide's blocks of JavaScript, by the file name in their first line. */
async function blocks(guide) {
  const text = await readFile(join(guides, guide), "utf8");
  const found = [...text.matchAll(/```js\n(?:\/\/ (\S+)\n)?([\s\S]*?)```/g)];
  assert.ok(found.length > 0, `${guide} has code`);
  return Object.fromEntries(found.map(([, name, code], number) => [name ?? `block-${number}.mjs`, code]));
}

describe("guides", () => {
  let server, folder, app;
  before(async () => {
    app = `http://localhost:${await freePort()}`;
    server = await startServer({ DOORWARD_HTTP__ALLOWED_ORIGINS: app, DOORWARD_HTTP__ALLOWED_REDIRECTS: app });
    // Here, so that packages are found.
    folder = await mkdtemp(fileURLToPath(new URL("../node_modules/.guides-", import.meta.url)));
    process.env.DOORWARD_PUBLIC_URL = server.url;
  });
  after(async () => {
    delete process.env.DOORWARD_PUBLIC_URL;
    await server?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  /** Each time anew, as at a program's start. */
  async function load(guide, replace = (code) => code) {
    const own = await mkdtemp(join(folder, "guide-"));
    const files = await blocks(guide);
    for (const [name, code] of Object.entries(files)) await writeFile(join(own, name), replace(code));
    return (name) => import(pathToFileURL(join(own, name)));
  }

  async function post(path, body, token) {
    const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    const response = await fetch(server.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    assert.ok(response.ok, `${path}: ${response.status}`);
    return response.status === 202 || response.status === 200 ? response.json() : undefined;
  }

  /** Somebody who has an account, and an access token of theirs. */
  async function member(email) {
    const { flow_token } = await post("/v1/sign-up", { email, password: PASSWORD, delivery: "body" });
    const code = codeIn(await server.mail(email));
    return post("/v1/email/verify", { email, code, flow_token, delivery: "body" });
  }

  /** Somebody with an authenticator app: its secret, of which a code of before now has been used. */
  async function careful(email) {
    const { access_token } = await member(email);
    const { secret } = await post("/v1/me/totp", {}, access_token);
    await post("/v1/me/totp/confirm", { code: totp(secret, -1) }, access_token);
    return secret;
  }

  /** Starts a service, and answers what asks it. */
  async function asker(service) {
    await new Promise((ready) => service.listen(0, "127.0.0.1", ready));
    return (authorization) => fetch(`http://127.0.0.1:${service.address().port}/`, { headers: authorization ? { authorization } : {} });
  }

  /** How it refuses. */
  async function told(asked) {
    const answer = await asked;
    const { status, code } = await answer.json();
    assert.equal(status, answer.status);
    return [status, code, answer.headers.get("www-authenticate"), answer.headers.get("retry-after")];
  }

  it("a Node service knows who asks, and says why it refuses everything else", async (t) => {
    const { access_token, user } = await member("node@example.com");
    const { service } = await (await load("node-service.md"))("service.mjs");
    const ask = await asker(service);
    assert.deepEqual(await (await ask(`Bearer ${access_token}`)).json(), { hello: user.id });
    const [header, claims, signature] = access_token.split(".");
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString("base64url");
    const unknown = Buffer.from('{"alg":"ES256","typ":"at+jwt","kid":"nobody\'s"}').toString("base64url");
    for (const bad of ["x", `${none}.${claims}.`, `${unknown}.${claims}.${signature}`, `${header}.${claims}.${signature.slice(0, -4)}AAAA`]) {
      assert.deepEqual(await told(ask(`Bearer ${bad}`)), [401, "token_invalid", "Bearer", null], bad);
    }
    for (const nobody of [undefined, "Bearer", `Basic ${access_token}`]) {
      assert.deepEqual(await told(ask(nobody)), [401, "not_authenticated", "Bearer", null], nobody);
    }
    t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 11 * 60_000 });
    assert.deepEqual(await told(ask(`Bearer ${access_token}`)), [401, "token_expired", "Bearer", null]);
    service.close();
    service.closeAllConnections();
  });

  it("a Node service that can't have the keys says so, and not that the token is bad", async () => {
    const { access_token } = await member("node-away@example.com");
    let answer = { status: 503 };
    const away = createServer((_, response) => response.writeHead(answer.status, answer.headers).end(answer.body));
    await new Promise((ready) => away.listen(0, "127.0.0.1", ready));
    try {
      process.env.DOORWARD_PUBLIC_URL = `http://127.0.0.1:${away.address().port}`;
      const { service } = await (await load("node-service.md"))("service.mjs");
      const ask = await asker(service);
      for (answer of [{ status: 503 }, { status: 200, body: "<h1>Back soon</h1>" }, { status: 200, body: "{}" }]) {
        assert.deepEqual(await told(ask(`Bearer ${access_token}`)), [503, "unavailable", null, "5"], answer.body);
      }
      await new Promise((closed) => away.close(closed).closeAllConnections());
      assert.deepEqual(await told(ask(`Bearer ${access_token}`)), [503, "unavailable", null, "5"], "nobody listens");
      assert.deepEqual(await told(ask("Bearer x")), [401, "token_invalid", "Bearer", null], "that needs no key");
      service.close();
      service.closeAllConnections();
    } finally {
      process.env.DOORWARD_PUBLIC_URL = server.url;
      away.close();
    }
  });

  it("a service behind a gateway knows who asks by the internal token alone", async () => {
    const { access_token, user } = await member("gateway@example.com");
    const headers = { authorization: `Bearer ${access_token}`, "x-original-url": "https://app.example.com/x" };
    const asked = await fetch(`${server.url}/forward-auth`, { headers });
    const { whoAsks } = await (await load("api-gateway.md", (code) => code.replace("https://app.example.com/auth", server.url)))("block-0.mjs");
    const request = (token) => ({ headers: new Headers({ "x-auth-token": token }) });
    const payload = await whoAsks(request(asked.headers.get("x-auth-token")));
    assert.deepEqual([payload.sub, payload.email, payload.roles], [user.id, "gateway@example.com", ["user"]]);
    await assert.rejects(whoAsks(request(access_token)), "an access token is none");
    const other = await fetch(`${server.url}/forward-auth`, { headers: { ...headers, "x-original-url": "https://other.example.com/" } });
    await assert.rejects(whoAsks(request(other.headers.get("x-auth-token"))), "nor is another service's");
  });

  it("a native app signs in, refreshes, and signs out", async () => {
    await member("native@example.com");
    const { Session } = await (await load("native-app.md"))("session.mjs");
    let kept;
    const store = { get: async () => kept, set: async (token) => (kept = token) };
    const session = new Session(server.url, store);
    await session.signIn("native@example.com", PASSWORD);
    assert.equal((await session.fetch("/v1/session")).status, 200);
    const before = kept;
    // Started anew: only the refresh token is left. Many calls at once make one refresh.
    const again = new Session(server.url, store);
    const answers = await Promise.all(Array.from({ length: 10 }, () => again.fetch("/v1/me")));
    assert.deepEqual(answers.map(({ status }) => status), Array(10).fill(200));
    assert.notEqual(kept, before);
    const last = kept;
    await again.signOut();
    assert.equal(kept, undefined);
    kept = last;
    await assert.rejects(again.refresh(), { code: "session_revoked" });
  });

  it("what the README does with curl works, block by block, and says what it says there", async () => {
    const section = (await readFile(readme, "utf8")).split("\n## With curl\n")[1]?.split("\n## ")[0];
    const commands = [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block);
    const here = "URL=http://localhost:4400\n";
    assert.ok(commands[0].includes(here), "the first block names the server");
    const script = [
      // The status of each answer goes beside its body.
      `curl() { command curl "$@" -w '%{stderr}%{http_code}\n'; }`,
      ...commands.flatMap((block) => [block.replace(here, `URL=${server.url}\n`), `echo "${BETWEEN}"; echo "${BETWEEN}" >&2`]),
    ];
    const env = { PATH: process.env.PATH, TMPDIR: folder };
    const { stdout, stderr } = await promisify(execFile)("bash", ["--norc", "-euc", script.join("\n")], { env });

    const [answers, statuses] = [stdout, stderr].map((text) => text.split(`${BETWEEN}\n`).slice(0, -1));
    assert.deepEqual(
      statuses.map((text) => text.trim().split("\n").map(Number)),
      // The mailbox is read in the second block and in the fifth.
      [[202], [200, 200], [200, 200], [204], [202, 200, 204, 401], [200, 204], [200, 200, 200, 204]],
    );
    assert.equal(answers[3], "", "a change that worked prints nothing");
    let told = 0;
    for (const [number, block] of commands.entries()) {
      for (const [, json, status, code] of block.matchAll(/# (?:(\{.*\})|(\d{3}) (\w+))$/gm)) {
        told += 1;
        const expected = json ?? `"code":"${code}"`;
        assert.ok(answers[number].includes(expected), `${expected} is not in ${answers[number]}`);
        if (status) assert.ok(statuses[number].includes(status), `${status} is not in ${statuses[number]}`);
      }
    }
    assert.equal(told, 3, "what the README says comes out");
    assert.match(answers[2], /"email":"ada@example.com"/);
    assert.match(answers[6], /"access_token":"/);
  });

  it("a native app takes the second step, and loses nothing on the way", async () => {
    const secret = await careful("native-two@example.com");
    const { Session } = await (await load("native-app.md"))("session.mjs");
    let kept = "of an earlier session";
    const session = new Session(server.url, { get: async () => kept, set: async (token) => (kept = token) });
    const first = await session.signIn("native-two@example.com", PASSWORD);
    assert.deepEqual([first.status, first.methods], ["mfa_required", ["totp", "backup_code"]]);
    assert.equal(kept, "of an earlier session", "a sign-in that is not finished brings no tokens");
    await assert.rejects(session.secondStep(first.mfa_token, "totp", "000000"), { code: "invalid_or_expired_code" });
    const { status, user } = await session.secondStep(first.mfa_token, "totp", totp(secret));
    assert.deepEqual([status, user.email], ["signed_in", "native-two@example.com"]);
    assert.match(kept, /^dw_/);
    assert.equal((await session.fetch("/v1/session")).status, 200);
  });

  it("a single-page app of another origin signs in, refreshes, and signs out", async () => {
    await member("spa@example.com");
    const secret = await careful("spa-two@example.com");
    const { "doorward.js": code } = await blocks("single-page-app.md");
    const script = code.replace("https://id.example.com", server.url);
    const page = `<!doctype html><html lang="en"><title>App</title><script type="module">
      import * as doorward from "/doorward.js"; globalThis.doorward = doorward;</script>`;
    const pages = createServer((request, response) => {
      const isScript = request.url === "/doorward.js";
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html").end(isScript ? script : page);
    });
    await new Promise((ready) => pages.listen(Number(new URL(app).port), "127.0.0.1", ready));
    const browser = await launch();
    try {
      const context = await browser.newContext();
      const tab = await context.newPage();
      await tab.goto(app);
      await tab.waitForFunction(() => globalThis.doorward);
      assert.equal(await tab.evaluate(() => globalThis.doorward.whoAmI()), null);
      await assert.rejects(tab.evaluate(() => globalThis.doorward.signIn("spa@example.com", "not the right one")), /do not match/);
      const first = await tab.evaluate((password) => globalThis.doorward.signIn("spa-two@example.com", password), PASSWORD);
      assert.deepEqual([first.status, first.user], ["mfa_required", undefined]);
      assert.equal(await tab.evaluate(() => globalThis.doorward.whoAmI()), null, "not signed in yet");
      const second = ([token, code]) => globalThis.doorward.secondStep(token, "totp", code);
      assert.equal((await tab.evaluate(second, [first.mfa_token, totp(secret)])).user.email, "spa-two@example.com");
      await tab.evaluate(() => globalThis.doorward.signOut());
      const { status, user } = await tab.evaluate((password) => globalThis.doorward.signIn("spa@example.com", password), PASSWORD);
      assert.deepEqual([status, user.email], ["signed_in", "spa@example.com"]);
      assert.equal(await tab.evaluate(() => document.cookie), "", "no script reads them");

      let refreshes = 0;
      context.on("request", (request) => (refreshes += request.method() === "POST" && request.url().endsWith("/v1/token/refresh")));
      await context.clearCookies({ name: "doorward_access" });
      const all = await tab.evaluate(() => Promise.all([1, 2, 3, 4].map(() => globalThis.doorward.whoAmI())));
      assert.deepEqual(all.map((one) => one?.email), Array(4).fill("spa@example.com"));
      assert.equal(refreshes, 1);

      await tab.evaluate(() => globalThis.doorward.signOut());
      assert.equal(await tab.evaluate(() => globalThis.doorward.whoAmI()), null);
      await tab.evaluate(() => globalThis.doorward.goToSignIn());
      await tab.waitForURL(/\/sign-in\?redirect_to=/);
      await tab.getByLabel("E-mail address or username").fill("spa@example.com");
      await tab.getByLabel("Password", { exact: true }).fill(PASSWORD);
      await tab.getByRole("button", { name: "Sign in", exact: true }).click();
      await tab.waitForURL(`${app}/`);
    } finally {
      await browser.close();
      pages.close();
    }
  });
});
