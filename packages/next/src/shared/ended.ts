// A page that is being renewed while its browser signs out, or in as somebody else, may arrive afterwards, and bring the tokens of
// the ended session back. They look good until they run out. So whatever ends a session or puts another one in its place leaves a
// note of which one was left, and tokens of that one count as none.

import { applySetCookies, cookieLine, readCookie } from "./cookies.js";
import type { Settings } from "./settings.js";

/** In seconds: longer than any access token can live (`session.access_token_ttl`). */
const AGE = 86_400;
/** How many are remembered: an answer is rarely later than one change. */
const MANY = 3;

/** The sessions that this browser has left, by its `Cookie` header, the last one first. */
export function endedSessions(settings: Settings, header: string | null): string[] {
  return readCookie(header, settings.cookies.ended)?.split(".").slice(0, MANY) ?? [];
}

/** The `Set-Cookie` headers of an answer to a browser, with the note where they take its tokens back or bring another session's. */
export function withNote(settings: Settings, header: string | null, setCookies: string[]): string[] {
  const { refresh, ended } = settings.cookies;
  const session = sessionOf(readCookie(header, refresh));
  const next = readCookie(applySetCookies(header, setCookies), refresh);
  // A token that can't be read says nothing of a change.
  const isLeft = session && (!next || (sessionOf(next) ?? session) !== session);
  if (!isLeft) return setCookies;
  const all = new Set([session, ...endedSessions(settings, header)]);
  return [...setCookies, cookieLine(settings, ended, [...all].slice(0, MANY).join("."), AGE)];
}

/** A refresh token begins with the 16 bytes of its session's id. */
function sessionOf(token = ""): string | undefined {
  const start = /^dw_rt_([\w-]{24})/.exec(token)?.[1];
  if (!start) return undefined;
  const bytes = atob(start.replaceAll("-", "+").replaceAll("_", "/")).slice(0, 16);
  return `session_${Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("")}`;
}
