import type { CurrentSession, ErrorCode } from "../types.js";
import type { Settings } from "./settings.js";

/** Doorward could not be asked. Nothing was decided, and nobody was let in. */
export class DoorwardUnavailable extends Error {
  override readonly name = "DoorwardUnavailable";

  constructor(
    /** In how many seconds to try again. */
    readonly retryAfter = 5,
    cause?: unknown,
  ) {
    super("Doorward can't be reached, or has no place for the request.", { cause });
  }
}

/**
 * The header by which the proxy tells the render that tokens had to be renewed and Doorward could not be asked: in how many seconds
 * to try again. It opens nothing: who is signed in is taken from tokens alone.
 */
export const AWAY = "x-doorward-away";

/** 401s that no refresh mends: the session is over. */
const FINAL: readonly string[] = ["token_invalid", "token_reused", "session_expired", "session_revoked"];

export function isFinal(code: string): boolean {
  return FINAL.includes(code);
}

interface Call {
  method: string;
  path: string;
  headers: Headers;
  body?: BodyInit;
  signal?: AbortSignal;
  /** Hand the answer on as soon as it begins. Else it has to have ended in time. */
  stream?: boolean;
}

/**
 * A call that is answered in time.
 *
 * @throws DoorwardUnavailable
 */
export async function call(settings: Settings, { method, path, headers, body, signal, stream }: Call): Promise<Response> {
  const stop = new AbortController();
  const abort = () => stop.abort();
  const timer = setTimeout(abort, settings.timeout);
  signal?.addEventListener("abort", abort);
  try {
    const response = await fetch(settings.url + path, {
      method,
      headers,
      redirect: "manual",
      cache: "no-store",
      signal: stop.signal,
      ...(body !== undefined && { body }),
    });
    return stream ? response : new Response((await response.text()) || null, response);
  } catch (cause) {
    throw new DoorwardUnavailable(5, cause);
  } finally {
    clearTimeout(timer);
  }
}

/** What Doorward is told of the browser that stands behind a call of ours. */
export function onBehalfOf(settings: Settings, browser: Headers): Headers {
  const headers = new Headers();
  for (const name of ["user-agent", "sec-ch-ua", "sec-ch-ua-platform", "sec-ch-ua-mobile", "accept-language"]) {
    const value = browser.get(name);
    if (value !== null) headers.set(name, value);
  }
  const address = settings.proxySecret && settings.clientAddress(browser);
  if (settings.proxySecret && address) {
    headers.set("x-doorward-proxy-secret", settings.proxySecret);
    headers.set("x-doorward-client-ip", address);
  }
  return headers;
}

export type Refreshed =
  /** `Set-Cookie` headers with new tokens. */
  | { kind: "renewed"; setCookies: string[] }
  /** The session is over, and `Set-Cookie` headers take its cookies back. */
  | { kind: "over"; code: ErrorCode; setCookies: string[] }
  /** Doorward saw no token. */
  | { kind: "nobody" };

/**
 * Trades the refresh token for new tokens.
 *
 * @throws DoorwardUnavailable where it is not known what has become of the token.
 */
export async function refresh(settings: Settings, token: string, browser: Headers): Promise<Refreshed> {
  const headers = onBehalfOf(settings, browser);
  headers.set("cookie", `${settings.cookies.refresh}=${token}`);
  const request = { method: "POST", path: "/v1/token/refresh", headers };
  // The answer got lost, and perhaps not the request: Doorward forgives the same token a second time.
  const response = await call(settings, request).catch((error: DoorwardUnavailable) => {
    if ((error.cause as Error | undefined)?.name === "AbortError") throw error;
    return call(settings, request);
  });
  const setCookies = response.headers.getSetCookie();
  const code = await codeOf(response);
  if (response.ok) return { kind: "renewed", setCookies };
  if (response.status !== 401) throw unavailable(response);
  return isFinal(code) ? { kind: "over", code, setCookies } : { kind: "nobody" };
}

/**
 * The session check.
 *
 * @throws DoorwardUnavailable
 */
export async function askSession(
  settings: Settings,
  token: string,
  browser: Headers,
): Promise<{ current: CurrentSession } | { code: ErrorCode }> {
  const headers = onBehalfOf(settings, browser);
  headers.set("authorization", `Bearer ${token}`);
  const response = await call(settings, { method: "GET", path: "/v1/session", headers });
  if (response.ok) return { current: (await response.json()) as CurrentSession };
  const code = await codeOf(response);
  if (response.status !== 401) throw unavailable(response);
  return { code };
}

export function unavailable(response: Response): DoorwardUnavailable {
  return new DoorwardUnavailable(Number(response.headers.get("retry-after")) || 5, `status ${response.status}`);
}

/** Of a problem; else nothing. */
async function codeOf(response: Response): Promise<ErrorCode> {
  try {
    const { code } = JSON.parse(await response.text()) as { code?: unknown };
    return typeof code === "string" ? code : "";
  } catch {
    return "";
  }
}
