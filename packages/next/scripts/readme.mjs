// The README's five minutes, as a newcomer has them: what `npm pack` makes, in a fresh app with the snippets pasted in, beside the
// real server. `DOORWARD_TEST_PROGRAM=…/target/debug/doorward npm run test:readme`, with `NEXT=15` for that version, and with
// `DOORWARD_TEST_CHROMIUM` also the form in a browser, by the packages of `tests/browser`.

import { execFileSync, spawn } from "node:child_process";
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url));
const program = process.env.DOORWARD_TEST_PROGRAM ?? fail("DOORWARD_TEST_PROGRAM is not set");
const old = process.env.NEXT === "15";
const [APP, DOORWARD] = await Promise.all([freePort(), freePort()]);
const folder = mkdtempSync(join(tmpdir(), "doorward-readme-"));
const children = [];
const env = {
  ...process.env,
  DOORWARD_PUBLIC_URL: `http://localhost:${APP}`,
  DOORWARD_URL: `http://127.0.0.1:${DOORWARD}`,
  DOORWARD_LISTEN: `127.0.0.1:${DOORWARD}`,
  DOORWARD_DATA_DIR: join(folder, "data"),
  DOORWARD_SESSION__ACCESS_TOKEN_TTL: "10s",
  DOORWARD_MFA__REQUIRED_FOR: "admin",
  NEXT_TELEMETRY_DISABLED: "1",
};
const run = (file, args, cwd) => execFileSync(file, args, { cwd, env, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });

try {
  const tarball = run("npm", ["pack", "--silent", "--pack-destination", folder], here).trim().split("\n").at(-1);
  const { devDependencies: dev } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
  write("package.json", {
    private: true,
    dependencies: { next: old ? "^15.5.18" : dev.next, react: dev.react, "react-dom": dev["react-dom"], "@doorward/next": `file:${tarball}` },
    devDependencies: { typescript: dev.typescript, "@types/node": dev["@types/node"], "@types/react": dev["@types/react"] },
  });
  write("tsconfig.json", {
    compilerOptions: { strict: true, target: "ES2022", module: "esnext", moduleResolution: "bundler", jsx: "preserve", noEmit: true, skipLibCheck: true, isolatedModules: true, esModuleInterop: true, resolveJsonModule: true, lib: ["dom", "dom.iterable", "esnext"], plugins: [{ name: "next" }], paths: { "@/*": ["./*"] } },
    include: ["next-env.d.ts", "**/*.ts", "**/*.tsx"],
    exclude: ["node_modules"],
  });
  const caching = process.env.CACHE_COMPONENTS ? "{ cacheComponents: true }" : "{}";
  write("next.config.mjs", `export default ${caching};\n`);
  write("app/page.tsx", "export default function Home() { return <h1>Welcome</h1>; }\n");
  for (const [, name, text] of readFileSync(join(here, "README.md"), "utf8").matchAll(/^`([\w./[\]-]+)`[^\n]*:\n\n```tsx?\n(.*?)^```/gms)) {
    const target = old ? name.replace("proxy.ts", "middleware.ts") : name;
    write(target, old ? text.replace("export const proxy", "export const middleware") : text);
  }
  run("npm", ["install", "--silent", "--no-audit", "--no-fund"], folder);
  run("npx", ["next", "build"], folder);

  children.push(spawn(program, { cwd: folder, env, stdio: "ignore" }));
  children.push(spawn("node", ["node_modules/next/dist/bin/next", "start", "-p", String(APP)], { cwd: folder, env, stdio: "inherit" }));
  await until(() => fetch(`http://127.0.0.1:${DOORWARD}/readyz`).then(({ ok }) => ok));
  await until(() => fetch(`http://localhost:${APP}/`).then(({ ok }) => ok));
  await newcomer();
  if (process.env.DOORWARD_TEST_CHROMIUM) {
    const { everySignIn } = await import("./readme-form.mjs");
    const grant = (email) => run(program, ["user", "grant", email, "admin"], folder);
    await everySignIn({ url: `http://localhost:${APP}`, mail, grant });
  }
  console.log("The README's five minutes work.");
} finally {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

async function newcomer() {
  let jar = {};
  const ask = async (path, init = {}) => {
    const headers = { cookie: Object.entries(jar).map((pair) => pair.join("=")).join("; "), ...init.headers };
    const response = await fetch(`http://localhost:${APP}${path}`, { redirect: "manual", ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value) jar[name] = value;
      else delete jar[name];
    }
    return response;
  };
  const api = (path, body) =>
    ask(`/api/auth/v1${path}`, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", "sec-fetch-site": "same-origin" } });

  const out = await ask("/dashboard");
  assert.equal(out.status, 307);
  assert.equal(out.headers.get("location"), "/sign-in?redirect_to=%2Fdashboard");
  assert.match(await (await ask("/sign-in")).text(), /Sign in/);
  assert.equal((await api("/sign-up", { email: "ada@example.com", password: "correct horse battery staple" })).status, 202);
  const { text } = await mail("ada@example.com");
  assert.match(text, new RegExp(`http://localhost:${APP}/verify-email`));
  assert.equal((await api("/email/verify", { email: "ada@example.com", code: /\b\d{6}\b/.exec(text)[0] })).status, 200);
  const page = await ask("/dashboard");
  assert.equal(page.headers.get("set-cookie"), null);
  assert.match(await page.text(), /Hello.*ada@example\.com/s);
  // Run out: renewed before the render, and no cache keeps the answer.
  delete jar.doorward_access;
  const renewed = await ask("/dashboard");
  assert.equal(renewed.headers.getSetCookie().length, 2);
  assert.equal(renewed.headers.get("cache-control"), "private, no-store");
  assert.match(await renewed.text(), /Hello.*ada@example\.com/s);
  assert.equal((await ask("/sign-in?redirect_to=%2F%2Fevil.example")).headers.get("location"), "/dashboard");
  assert.equal((await api("/sign-out")).status, 204);
  assert.equal((await ask("/dashboard")).status, 307);
}

/** The newest to an address, as soon as it is there. */
async function mail(to) {
  let newest;
  await until(async () => {
    const mailbox = await fetch(`http://127.0.0.1:${DOORWARD}/dev/mailbox.json?to=${encodeURIComponent(to)}`);
    return (newest = (await mailbox.json()).items[0]);
  });
  return newest;
}

async function until(what) {
  for (let round = 0; !(await what().catch(() => false)); round++) {
    if (round > 200) fail("it takes too long");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function write(name, content) {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
}

function fail(reason) {
  throw new Error(reason);
}
