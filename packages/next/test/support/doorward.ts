import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request as send, type Server } from "node:http";
import { createServer as createTcp, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The real server, in development mode on a folder of its own, behind a relay that can lose answers. */
export class Doorward {
  readonly folder = mkdtempSync(join(tmpdir(), "doorward-next-"));
  /** How many answers to `path` never arrive. */
  lose = { path: "", times: 0 };
  #process: ChildProcess | undefined;
  #relay: Server | undefined;
  #port = 0;

  constructor(
    readonly program: string,
    readonly publicUrl: string,
    readonly settings: Record<string, string>,
  ) {}

  /** What the app knows: the relay. */
  get url(): string {
    return `http://127.0.0.1:${(this.#relay!.address() as AddressInfo).port}`;
  }

  get #env(): Record<string, string> {
    return {
      PATH: process.env["PATH"] ?? "",
      DOORWARD_LISTEN: `127.0.0.1:${this.#port}`,
      DOORWARD_PUBLIC_URL: this.publicUrl,
      DOORWARD_DATA_DIR: join(this.folder, "data"),
      ...this.settings,
    };
  }

  async start(): Promise<void> {
    this.#port ||= await freePort();
    this.#process = spawn(this.program, { cwd: this.folder, env: this.#env, stdio: "ignore" });
    this.#relay ??= await this.#listen();
    for (let round = 0; ; round++) {
      if (await fetch(`http://127.0.0.1:${this.#port}/readyz`).then(({ ok }) => ok, () => false)) return;
      if (round > 300) throw new Error("Doorward does not start");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process?.once("exit", resolve));
    this.#process?.kill("SIGKILL");
    await ended;
  }

  async end(): Promise<void> {
    await this.stop();
    this.#relay?.closeAllConnections();
    this.#relay?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  command(...args: string[]): string {
    return execFileSync(this.program, args, { cwd: this.folder, env: this.#env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  }

  /** The code of the newest mail to this address whose subject has these words. */
  async code(to: string, subject = ""): Promise<string> {
    for (let round = 0; round < 100; round++) {
      const response = await fetch(`http://127.0.0.1:${this.#port}/dev/mailbox.json?to=${encodeURIComponent(to)}`);
      const { items } = (await response.json()) as { items: { subject: string; text: string }[] };
      const newest = items.find((item) => item.subject.includes(subject));
      const code = /\b\d{6}\b/.exec(newest?.text ?? "")?.[0];
      if (code) return code;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no mail to ${to}`);
  }

  async #listen(): Promise<Server> {
    const relay = createServer((asked, answered) => {
      const { method, url: path, headers } = asked;
      const onward = send({ host: "127.0.0.1", port: this.#port, method, path, headers }, (answer) => {
        if (this.lose.times > 0 && path === this.lose.path) {
          this.lose.times--;
          answer.resume();
          answered.destroy();
          return;
        }
        answered.writeHead(answer.statusCode!, answer.rawHeaders);
        answer.on("error", () => answered.destroy());
        answer.pipe(answered);
      });
      onward.on("error", () => answered.destroy());
      asked.pipe(onward);
    });
    await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
    return relay;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createTcp().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
