import type { NextRequest } from "next/server";
import { onlyCookies } from "../shared/cookies.js";
import { call, DoorwardUnavailable, onBehalfOf } from "../shared/doorward.js";
import { withNote } from "../shared/ended.js";
import { problem } from "../shared/problem.js";
import type { Settings } from "../shared/settings.js";
import { isOwn } from "./cross-site.js";
import type { RouteContext } from "./gates.js";

/** What a browser needs of `/v1`. Services and administrators ask Doorward itself. */
const OPEN = /^(account\/restore|challenge|email|me|not-me|password|reauthenticate|recovery|session|sign-in|sign-out|sign-up|token\/refresh)(\/|$)/;
const SEGMENT = /^[\w-]{1,100}$/;
/** Doorward's own limit. */
const BODY_LIMIT = 64 * 1024;
/** Password hashing may queue. In milliseconds. */
const PATIENCE = 30_000;

/** What goes on of a request beside what `onBehalfOf` tells. Doorward judges cross-site requests by `Origin` and `Sec-Fetch-Site`. */
const ASKED = ["accept", "content-type", "origin", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"];
const ANSWERED = [
  "cache-control",
  "content-disposition",
  "content-type",
  "ratelimit",
  "ratelimit-policy",
  "retry-after",
  "www-authenticate",
  "x-content-type-options",
  "x-request-id",
];

/** Sends a browser's request on to Doorward, and the answer back. */
export async function forward(settings: Settings, request: NextRequest, { params }: RouteContext): Promise<Response> {
  const segments = (Object.values((await params) as object).find(Array.isArray) ?? []) as string[];
  const [version, ...rest] = segments;
  if (version !== "v1" || !segments.every((one) => SEGMENT.test(one)) || !OPEN.test(rest.join("/"))) {
    return problem("not_found");
  }
  const body = await read(request);
  if (!body) return problem("body_too_large");

  const headers = onBehalfOf(settings, request.headers);
  for (const name of ASKED) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  // Doorward knows the app by `public_url` alone, and the app may have more names. Old browsers and plain http say no site.
  if (!headers.has("sec-fetch-site") && isOwn(request, settings.issuer)) headers.set("sec-fetch-site", "same-origin");
  const sent = request.headers.get("cookie");
  const { ended: _, ...known } = settings.cookies;
  const cookies = onlyCookies(sent, Object.values(known));
  if (cookies) headers.set("cookie", cookies);
  try {
    const response = await call(
      { ...settings, timeout: Math.max(settings.timeout, PATIENCE) },
      {
        method: request.method,
        path: `/${segments.join("/")}${request.nextUrl.search}`,
        headers,
        signal: request.signal,
        stream: true,
        ...(body.length && { body }),
      },
    );
    return new Response(response.body, { status: response.status, headers: answered(settings, sent, response) });
  } catch (error) {
    if (error instanceof DoorwardUnavailable) return problem("unavailable", error.retryAfter);
    throw error;
  }
}

function answered(settings: Settings, cookies: string | null, response: Response): Headers {
  const headers = new Headers({ "cache-control": "no-store" });
  for (const name of ANSWERED) {
    const value = response.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  for (const line of withNote(settings, cookies, response.headers.getSetCookie())) headers.append("set-cookie", line);
  // Where Doorward sends a browser, but never to its inner address.
  const location = response.headers.get("location");
  if (location && !location.startsWith(settings.url)) headers.set("location", location);
  return headers;
}

/** The body, if it is not too large. */
async function read(request: NextRequest): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (Number(request.headers.get("content-length")) > BODY_LIMIT) return undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (request.body && request.method !== "GET" && request.method !== "HEAD") {
    for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > BODY_LIMIT) return undefined;
      chunks.push(chunk);
    }
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
