// A page that is being renewed while its browser signs out may arrive afterwards, and bring the tokens of the ended session back.
// They look good until they run out. So the sign-out leaves a note of which session it ended, and tokens of that one count as none.

import { applySetCookies, cookieLine, readCookie } from "./cookies.js";
import type { Settings } from "./settings.js";

/** In seconds: longer than any access token can live (`session.access_token_ttl`). */
const AGE = 86_400;

/** The session that this browser has left, by its `Cookie` header. */
export function endedSession(settings: Settings, header: string | null): string | undefined {
  return readCookie(header, settings.cookies.ended);
}

/** The `Set-Cookie` headers of an answer to a browser, with the note where they take its tokens back. */
export function withNote(settings: Settings, header: string | null, setCookies: string[]): string[] {
  const { refresh, ended } = settings.cookies;
  const session = sessionOf(readCookie(header, refresh));
  const isOver = session && !readCookie(applySetCookies(header, setCookies), refresh);
  return isOver ? [...setCookies, cookieLine(settings, ended, session, AGE)] : setCookies;
}

/** A refresh token begins with the 16 bytes of its session's id. */
function sessionOf(token = ""): string | undefined {
  const start = /^dw_rt_([\w-]{24})/.exec(token)?.[1];
  if (!start) return undefined;
  const bytes = atob(start.replaceAll("-", "+").replaceAll("_", "/")).slice(0, 16);
  return `session_${Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("")}`;
}
