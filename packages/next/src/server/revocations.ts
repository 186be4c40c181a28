import type { Settings } from "../shared/settings.js";
import type { Session } from "../types.js";

/** In milliseconds: who hears nothing for so long has lost the feed. */
const SILENCE = 15_000;
/** A fresh snapshot drops what no longer matters, so that memory stays bounded. */
const RENEWAL = 60 * 60_000;
const PAUSE = 1_000;

/** Doorward's revocation feed: which sessions ended while their access tokens still look good. */
export class Feed {
  #sessions = new Set<string>();
  /** Tokens of an account that were made before, in seconds. */
  #accounts = new Map<string, number>();
  /** When something was last heard on a connection that began with a snapshot. */
  #heardAt = -Infinity;
  #stopped = false;
  #connection: AbortController | undefined;

  constructor(
    readonly settings: Settings,
    readonly serviceKey: string,
  ) {
    void this.#run();
  }

  /** `unknown`: ask Doorward. */
  judge(session: Session, issuedAt: number): "live" | "ended" | "unknown" {
    const before = this.#accounts.get(session.userId);
    if (this.#sessions.has(session.id) || (before !== undefined && issuedAt < before)) return "ended";
    return performance.now() - this.#heardAt < SILENCE ? "live" : "unknown";
  }

  stop(): void {
    this.#stopped = true;
    this.#connection?.abort();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.#listen().catch((error: unknown) => this.#complain(error));
      this.#heardAt = -Infinity;
      await new Promise((resolve) => unref(setTimeout(resolve, PAUSE)));
    }
  }

  async #listen(): Promise<void> {
    const connection = (this.#connection = new AbortController());
    const hangUp = () => connection.abort();
    const renewal = unref(setTimeout(hangUp, RENEWAL));
    let silence = unref(setTimeout(hangUp, SILENCE));
    try {
      const response = await fetch(`${this.settings.url}/v1/revocations`, {
        headers: { authorization: `Bearer ${this.serviceKey}`, accept: "text/event-stream" },
        redirect: "manual",
        cache: "no-store",
        signal: connection.signal,
      });
      if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
      let text = "";
      let known = false;
      const decoder = new TextDecoder();
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        text += decoder.decode(chunk, { stream: true });
        const blocks = text.split(/\r?\n\r?\n/);
        text = blocks.pop() ?? "";
        for (const block of blocks) known = this.#take(block) || known;
        if (known && blocks.length) this.#heardAt = performance.now();
        clearTimeout(silence);
        silence = unref(setTimeout(hangUp, SILENCE));
      }
    } finally {
      clearTimeout(renewal);
      clearTimeout(silence);
      connection.abort();
    }
  }

  /** One event (HTML, section 9.2.6), and whether it was a snapshot. */
  #take(block: string): boolean {
    let event = "";
    let data = "";
    for (const line of block.split(/\r?\n/)) {
      if (line.startsWith("event:")) event = line.slice(6).trim();
      if (line.startsWith("data:")) data += line.slice(5).trim();
    }
    if (event === "snapshot") {
      this.#sessions = new Set();
      this.#accounts = new Map();
      for (const item of (JSON.parse(data) as { items: Ended[] }).items) this.#end(item);
      return true;
    }
    if (event === "revoked") this.#end(JSON.parse(data) as Ended);
    return false;
  }

  #end({ sid, sub, before }: Ended): void {
    if (sid) this.#sessions.add(sid);
    if (sub && before) this.#accounts.set(sub, Math.max(before, this.#accounts.get(sub) ?? 0));
  }

  /** Once for each reason in a row, so that an outage is one line. */
  #complained = "";
  #complain(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#stopped || reason === this.#complained || /abort/i.test(reason)) return;
    this.#complained = reason;
    console.warn(`@doorward/next: the revocation feed is away (${reason}); each check asks Doorward until it is back.`);
  }
}

interface Ended {
  sid?: string;
  sub?: string;
  before?: number;
}

function unref<T extends ReturnType<typeof setTimeout>>(timer: T): T {
  (timer as { unref?: () => void }).unref?.();
  return timer;
}

const FEEDS = Symbol.for("@doorward/next feeds");

/** One feed for a process, however often a bundler has copied this module. */
export function feedOf(settings: Settings, serviceKey: string): Feed {
  const all = ((globalThis as { [FEEDS]?: Map<string, Feed> })[FEEDS] ??= new Map());
  const name = `${settings.url} ${serviceKey}`;
  let feed = all.get(name);
  if (!feed) all.set(name, (feed = new Feed(settings, serviceKey)));
  return feed;
}
