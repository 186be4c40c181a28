import { call, DoorwardUnavailable, unavailable } from "./doorward.js";
import type { Settings } from "./settings.js";

/** In milliseconds: from this age on fresh keys are fetched while the old ones serve, as the server's `max-age` says. */
const STALE = 5 * 60_000;
/** From this age on a check waits for fresh keys. Where they can't be had, the old ones serve on. */
const OLD = 15 * 60_000;
/** Between two fetches because of an unknown key, so that made-up tokens can't cause traffic; and after one that failed. */
const FLOOR = 10_000;
/** After one that failed while there are no keys at all: nobody is let in before there are some. */
const FIRST_FLOOR = 1_000;

/** What access tokens may be signed with (RFC 7518, RFC 8037), as Web Crypto imports its keys. Never `none`, nothing symmetric. */
const IMPORT: Record<string, Parameters<SubtleCrypto["importKey"]>[2] | undefined> = {
  ES256: { name: "ECDSA", namedCurve: "P-256" } as EcKeyImportParams,
  EdDSA: { name: "Ed25519" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as RsaHashedImportParams,
};

export const ALGORITHMS = Object.keys(IMPORT);

/** RFC 7517, as far as it is read. */
type PublicKey = JsonWebKey & { kid?: string };

interface Key {
  alg: string;
  key: CryptoKey;
}

/** Doorward's public signing keys, fetched once and kept. */
export class Keys {
  #known: Map<string, Key> | undefined;
  #fetchedAt = 0;
  #lookedAt = 0;
  #fetching: Promise<void> | undefined;
  /** The last fetch, where it failed. */
  #failed: { at: number; error: unknown } | undefined;

  constructor(readonly settings: Settings) {}

  /**
   * The key of this id, if it is one for this algorithm. `genuine` is for tokens that Doorward gave just now.
   *
   * @throws DoorwardUnavailable where no keys were ever fetched.
   */
  async find(kid: unknown, alg: unknown, genuine: boolean): Promise<CryptoKey | undefined> {
    const age = Math.abs(Date.now() - this.#fetchedAt);
    // Doorward answers, if it gave the token just now.
    const floor = genuine ? 0 : this.#known ? FLOOR : FIRST_FLOOR;
    if (!this.#known) await this.#fetch(floor);
    else if (age > OLD) await this.#fetch(floor).catch(() => {});
    else if (age > STALE) void this.#fetch(floor).catch(() => {});
    if (typeof kid !== "string" || typeof alg !== "string") return undefined;
    if (!this.#known?.has(kid) && (genuine || Math.abs(Date.now() - this.#lookedAt) > FLOOR)) {
      await this.#fetch(floor).catch(() => {});
    }
    const found = this.#known?.get(kid);
    return found?.alg === alg ? found.key : undefined;
  }

  /** One fetch for all who wait. Where one failed a moment ago, none: each would wait for a Doorward that does not answer. */
  #fetch(floor: number): Promise<void> {
    if (this.#fetching) return this.#fetching;
    if (this.#failed && Math.abs(Date.now() - this.#failed.at) < floor) return Promise.reject(this.#failed.error as Error);
    return (this.#fetching = this.#load()
      .then(
        () => (this.#failed = undefined),
        (error: unknown) => {
          this.#failed = { at: Date.now(), error };
          throw error;
        },
      )
      .finally(() => (this.#fetching = undefined)));
  }

  async #load(): Promise<void> {
    this.#lookedAt = Date.now();
    const request = { method: "GET", path: "/.well-known/jwks.json", headers: new Headers() };
    const response = await call(this.settings, request);
    if (!response.ok) throw unavailable(response);
    const known = new Map<string, Key>();
    let jwks: { keys?: unknown };
    try {
      jwks = (await response.json()) as { keys?: unknown };
    } catch (cause) {
      throw new DoorwardUnavailable(5, cause);
    }
    for (const jwk of Array.isArray(jwks.keys) ? (jwks.keys as PublicKey[]) : []) {
      const { kid, alg = "", use = "sig", kty, crv, x, y, n, e } = jwk;
      const algorithm = Object.hasOwn(IMPORT, alg) && IMPORT[alg];
      if (!kid || !algorithm || use !== "sig") continue;
      // What is public of it, so that the kind of key has to fit the algorithm. One that can't be read signed nothing for us.
      const parts = Object.fromEntries(Object.entries({ kty, crv, x, y, n, e }).filter(([, part]) => part !== undefined));
      const key = await crypto.subtle.importKey("jwk", parts, algorithm, false, ["verify"]).catch(() => undefined);
      if (key) known.set(kid, { alg, key });
    }
    if (!known.size) throw new DoorwardUnavailable(5, "no keys");
    this.#known = known;
    this.#fetchedAt = Date.now();
  }
}
