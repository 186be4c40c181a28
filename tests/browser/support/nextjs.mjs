// The example app as it is built for users, beside a Doorward of its own.

import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { openSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePort, startServer, withoutSettings } from "./server.mjs";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const example = join(root, "examples/nextjs");
const run = promisify(execFile);

/** The package's files, as the app has them. */
export const PACKAGE = join(example, "node_modules/@doorward/next/dist");

/** The ways in which the app is built. */
export const LANES = {
  "Next 16, cacheComponents": { folder: example, base: "", env: {} },
  "Next 16, basePath": {
    folder: example,
    base: "/app",
    env: { EXAMPLE_CACHE_COMPONENTS: "off", EXAMPLE_BASE_PATH: "/app", NEXT_PUBLIC_BASE_PATH: "/app" },
  },
  "Next 15": { folder: join(root, "target/example/next15"), base: "", env: { EXAMPLE_CACHE_COMPONENTS: "off" }, prepare: next15 },
};

/** What the app reads of Doorward's settings beside the addresses: what it offers. */
const OFFERS = ["DOORWARD_SIGN_IN__EMAIL"];

/** Builds the app if its sources have changed, and starts it with a Doorward. */
export async function startStand(name, settings = {}) {
  const lane = LANES[name];
  await lane.prepare?.();
  // On a machine that tells it that it is CI's, Next warns of a build cache that it did not find. Any text says so, "false" too.
  const quiet = { NEXT_TELEMETRY_DISABLED: "1", CI: "", CONTINUOUS_INTEGRATION: "", BUILD_NUMBER: "", RUN_ID: "", GITHUB_ACTIONS: "" };
  const env = { ...withoutSettings(process.env), ...lane.env, ...quiet, EXAMPLE_DIST_DIR: `.next-${slug(name)}` };
  await build(lane, env);
  const port = await freePort();
  const url = `http://localhost:${port}`;
  // People reach Doorward through the app. Below a base path the app alone lives.
  const reached = lane.base ? { DOORWARD_PAGES__BASE_URL: url + lane.base, DOORWARD_WEBAUTHN__ORIGINS: url } : { DOORWARD_PUBLIC_URL: url };
  // All of a test run comes from one address, and signs up within minutes.
  const busy = { DOORWARD_RATE_LIMIT__ENABLED: "false", DOORWARD_CHALLENGE__SIGN_UPS_ABOVE: "1000" };
  const server = await startServer({ ...reached, ...busy, ...settings });
  const stand = new Stand(lane, env, server, url, port);
  await stand.startApp();
  return stand;
}

class Stand {
  constructor(lane, env, server, url, port) {
    Object.assign(this, { lane, env, server, url, port, base: lane.base });
  }

  async startApp() {
    this.app = await this.#next("start", this.port);
  }

  /** The same app beside the same Doorward, with other settings of its own, on a port of its own. */
  async another(settings) {
    return this.#next("start", await freePort(), settings);
  }

  /** The same app as its developer runs it, on a port of its own. */
  async develop() {
    return this.#next("dev", await freePort());
  }

  async #next(command, port, settings = {}) {
    const known = this.server.options.env;
    const addresses = { DOORWARD_URL: this.server.url.replace("localhost", "127.0.0.1"), DOORWARD_PUBLIC_URL: known.DOORWARD_PUBLIC_URL };
    const offers = Object.fromEntries(OFFERS.filter((name) => known[name]).map((name) => [name, known[name]]));
    const app = new App(`http://localhost:${port}${this.base}`, await mkdtemp(join(tmpdir(), "doorward-next-")));
    await app.start([command, "--port", String(port)], { cwd: this.lane.folder, env: { ...this.env, ...addresses, ...offers, ...settings } });
    return app;
  }

  log() {
    return this.app.log();
  }

  /** What `next build` printed when this app was built. */
  buildLog() {
    return readFile(join(this.lane.folder, this.env.EXAMPLE_DIST_DIR, "build-log"), "utf8");
  }

  /** Where the app's pages are, by its files. */
  async pages() {
    const files = await readdir(join(this.lane.folder, "app"), { recursive: true });
    const pages = files.filter((file) => /(^|\/)page\.tsx$/.test(file));
    return pages.map((file) => `/${file.replace(/\([^)]*\)\/|\/?page\.tsx$/g, "")}`).sort();
  }

  async stop() {
    await this.app.stop();
    await this.server.stop();
  }
}

/** A process of Next. */
class App {
  constructor(url, folder) {
    Object.assign(this, { url, folder });
  }

  async start(args, options) {
    const log = openSync(join(this.folder, "log"), "a");
    this.child = spawn(process.execPath, ["node_modules/next/dist/bin/next", ...args], { ...options, stdio: ["ignore", log, log] });
    this.ended = new Promise((resolve) => this.child.once("exit", resolve));
    for (let tries = 0; tries < 300; tries++) {
      const answer = await fetch(`${this.url}/api/me`).catch(() => undefined);
      if (answer) return;
      if (this.child.exitCode !== null) break;
      await wait(50);
    }
    throw new Error(`the app did not start:\n${await this.log()}`);
  }

  log() {
    return readFile(join(this.folder, "log"), "utf8");
  }

  async stop() {
    this.child.kill("SIGTERM");
    await Promise.race([this.ended, wait(5000, undefined, { ref: false })]);
    this.child.kill("SIGKILL");
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function build({ folder }, env) {
  const dist = join(folder, env.EXAMPLE_DIST_DIR);
  const sources = await digest(folder, env);
  const stamp = join(dist, "built-from");
  if ((await readFile(stamp, "utf8").catch(() => "")) === sources) return;
  const built = await run(process.execPath, ["node_modules/next/dist/bin/next", "build"], { cwd: folder, env, maxBuffer: 1 << 24 }).catch((error) => {
    throw new Error(`the app was not built:\n${error.stdout}\n${error.stderr}`);
  });
  await writeFile(join(dist, "build-log"), built.stdout + built.stderr);
  await writeFile(stamp, sources);
}

/** Of the sources, of the package as it is installed, and of how it is built. */
async function digest(folder, env) {
  const hash = createHash("sha256").update(JSON.stringify(Object.entries(env).filter(([name]) => /^(EXAMPLE|NEXT)_/.test(name))));
  const add = async (path) => {
    const entries = await readdir(path, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name === "node_modules" || entry.name.startsWith(".next") || /^next-env|^tsconfig|\.md$/.test(entry.name)) continue;
      const inner = join(path, entry.name);
      if (entry.isDirectory()) await add(inner);
      else hash.update(inner.slice(folder.length)).update(await readFile(inner));
    }
  };
  await add(folder);
  await add(join(folder, "node_modules/@doorward/next"));
  return hash.digest("hex");
}

/** The same app on Next 15: its packages by a lock file of their own, and its proxy by the name that it had then. */
async function next15() {
  const { folder } = LANES["Next 15"];
  await mkdir(folder, { recursive: true });
  for (const part of ["app", "components", "lib", "next.config.ts", "tsconfig.json"]) {
    await rm(join(folder, part), { recursive: true, force: true });
    await cp(join(example, part), join(folder, part), { recursive: true });
  }
  const proxy = await readFile(join(example, "proxy.ts"), "utf8");
  await writeFile(join(folder, "middleware.ts"), proxy.replace("export const proxy", "export const middleware"));
  const config = await readFile(join(folder, "next.config.ts"), "utf8");
  await writeFile(join(folder, "next.config.ts"), config.replace(/^ {2}(cacheComponents|partialPrefetching).*\n/gm, ""));
  for (const part of ["package.json", "package-lock.json", ".npmrc"]) await cp(join(root, "tests/browser/next15", part), join(folder, part));
  const lock = await readFile(join(folder, "package-lock.json"), "utf8");
  const stamp = join(folder, "node_modules/.installed-lock");
  if ((await readFile(stamp, "utf8").catch(() => "")) !== lock) {
    await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder });
    await writeFile(stamp, lock);
  }
  const installed = join(folder, "node_modules/@doorward/next");
  await rm(installed, { recursive: true, force: true });
  await cp(join(example, "node_modules/@doorward/next"), installed, { recursive: true });
}

function slug(name) {
  return name.toLowerCase().replace(/\W+/g, "-");
}
