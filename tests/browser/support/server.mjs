// A Doorward of its own for a test file: development mode, an empty folder, a free port.

import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { openSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";

/** Starts it with these settings on top, as environment variables, and waits until it is ready. */
export async function startServer(settings = {}) {
  const program = process.env.DOORWARD_TEST_PROGRAM;
  if (!program) throw new Error("DOORWARD_TEST_PROGRAM: run this by `cargo xtask test --only browser`");
  const folder = await mkdtemp(join(tmpdir(), "doorward-browser-"));
  const port = await freePort();
  const log = openSync(join(folder, "log"), "a");
  const url = `http://localhost:${port}`;
  const env = {
    ...withoutSettings(process.env),
    DOORWARD_LISTEN: `127.0.0.1:${port}`,
    DOORWARD_PUBLIC_URL: url,
    // The cheapest hash that is allowed: what is tested here is not its cost.
    DOORWARD_PASSWORD__MEMORY_KIB: "19456",
    DOORWARD_PASSWORD__PASSES: "2",
    DOORWARD_PASSWORD__LANES: "1",
    ...settings,
  };
  const server = new Server(url, folder, program, { cwd: folder, stdio: ["ignore", log, log], env });
  await server.begin();
  return server;
}

class Server {
  constructor(url, folder, program, options) {
    Object.assign(this, { url, folder, program, options });
  }

  /** Starts it, also again. */
  async begin() {
    this.child = spawn(this.program, this.options);
    this.ended = new Promise((resolve) => this.child.once("exit", resolve));
    await this.ready();
  }

  /** Ends it, and keeps what it has. */
  async end() {
    this.child.kill("SIGTERM");
    await Promise.race([this.ended, wait(5000, undefined, { ref: false })]);
    this.child.kill("SIGKILL");
  }

  /** Runs a command beside it. */
  cli(...args) {
    return promisify(execFile)(this.program, args, { cwd: this.folder, env: this.options.env });
  }

  /** What it printed so far. */
  log() {
    return readFile(join(this.folder, "log"), "utf8");
  }

  /** The newest mail to this address whose subject has these words, as soon as it is there. */
  async mail(to, subject = "") {
    for (let tries = 0; tries < 100; tries++) {
      const answer = await fetch(`${this.url}/dev/mailbox.json?to=${encodeURIComponent(to)}`);
      const { items } = await answer.json();
      const mail = items.find((item) => item.subject.toLowerCase().includes(subject.toLowerCase()));
      if (mail) return mail;
      await wait(50);
    }
    throw new Error(`no mail "${subject}" to ${to}`);
  }

  async ready() {
    for (let tries = 0; tries < 300; tries++) {
      if (this.child.exitCode !== null) break;
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
      await wait(50);
    }
    const log = await this.log();
    await this.stop();
    throw new Error(`the server did not start:\n${log}`);
  }

  async stop() {
    await this.end();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The six digits of a mail. */
export function codeIn(mail) {
  const code = mail.text.match(/(?<![\w-])\d{6}(?![\w-])/)?.[0];
  if (!code) throw new Error(`no code in: ${mail.text}`);
  return code;
}

/** The first link of a mail. */
export function linkIn(mail) {
  const link = mail.text.match(/https?:\/\/\S+/)?.[0];
  if (!link) throw new Error(`no link in: ${mail.text}`);
  return link;
}

/** Nothing of a Doorward that the caller may run, nor of this test run. */
export function withoutSettings(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("DOORWARD_")));
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
