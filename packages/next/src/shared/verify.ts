import { compactVerify } from "jose/jws/compact/verify";
import type { Session } from "../types.js";
import { ALGORITHMS, type Keys } from "./keys.js";
import type { Settings } from "./settings.js";

/** By how many seconds clocks may differ before a token counts as one of the future. */
const CLOCKS = 60;

/**
 * Three parts in base64url (RFC 7515, section 2). Bits of the last character that hold nothing are zero (RFC 4648, section 3.5),
 * so that a token has one spelling only. That of the first two parts is signed; of the signature it is asked here.
 */
const WELL_FORMED = /^[\w-]+\.[\w-]+\.(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/;

export type Verified =
  /** The token's own times, in seconds since 1970. */
  | { kind: "good"; session: Session; issuedAt: number; expiresAt: number }
  /** Everything else is right with it. */
  | { kind: "expired" }
  /** `reason` is for the log. */
  | { kind: "invalid"; reason: string };

/**
 * Judges an access token (RFC 9068) by its signature and claims alone. `genuine` is for tokens that Doorward gave just now.
 *
 * @throws DoorwardUnavailable where the public keys were never fetched and can't be.
 */
export async function verify(keys: Keys, token: string, genuine = false): Promise<Verified> {
  let unavailable: unknown;
  try {
    if (!WELL_FORMED.test(token)) throw new Error("not a well-formed token");
    const { payload, protectedHeader: header } = await compactVerify(
      token,
      // Key and algorithm come from the server's own list, never from the token's `jwk`, `jku`, `x5u` or `x5c`.
      async ({ kid, alg }) => {
        const key = await keys.find(kid, alg, genuine).catch((error: unknown) => {
          throw (unavailable = error);
        });
        if (!key) throw new Error("signed with a key that is not known");
        return key;
      },
      { algorithms: ALGORITHMS },
    );
    if (header.typ !== "at+jwt" || header.crit || "b64" in header) throw new Error("a token of another type");
    return read(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload)) as Claims, keys.settings);
  } catch (error) {
    if (unavailable) throw unavailable;
    return { kind: "invalid", reason: error instanceof Error ? error.message : String(error) };
  }
}

type Claims = Record<string, unknown>;

/** RFC 9068, section 4, and that it is a token of a session, which an OAuth client's is not. */
function read(claims: Claims, { issuer, audience }: Settings): Verified {
  const { iss, aud, sub, sid, iat, exp, nbf = 0, auth_time, amr, acr, email_verified, client_id } = claims;
  const now = Date.now() / 1000;
  if (iss !== issuer) throw new Error(`its issuer is ${JSON.stringify(iss)}`);
  if (aud !== audience) throw new Error(`its audience is ${JSON.stringify(aud)}`);
  if (client_id !== "doorward" || !isId(sub, "user_") || !isId(sid, "session_") || !Array.isArray(amr)) {
    throw new Error("not a token of a session");
  }
  if (!isSeconds(iat) || !isSeconds(exp) || !isSeconds(nbf) || !isSeconds(auth_time)) throw new Error("not a time");
  if (nbf > now + CLOCKS) throw new Error("not valid yet");
  if (exp <= now) return { kind: "expired" };
  const session: Session = {
    id: sid,
    userId: sub,
    emailVerified: email_verified === true,
    authTime: auth_time,
    amr: amr.map(String),
    acr: String(acr),
    user: null,
  };
  return { kind: "good", session, issuedAt: iat, expiresAt: exp };
}

/** Whole seconds since 1970, of a year that has four digits. */
function isSeconds(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 253_402_300_800;
}

function isId(value: unknown, prefix: string): value is string {
  return typeof value === "string" && value.startsWith(prefix);
}
