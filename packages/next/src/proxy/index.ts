import { NextResponse, type NextRequest } from "next/server";
import { isBelow } from "../shared/acr.js";
import { applySetCookies, cookieLine, readCookie } from "../shared/cookies.js";
import { askSession, AWAY, DoorwardUnavailable, isFinal, refresh, type Refreshed } from "../shared/doorward.js";
import { endedSessions, withNote } from "../shared/ended.js";
import { Keys } from "../shared/keys.js";
import { matches, plainPath, type Paths } from "../shared/paths.js";
import { problem } from "../shared/problem.js";
import { safeRedirect } from "../shared/safe-redirect.js";
import { settingsOf, type DoorwardOptions, type Settings } from "../shared/settings.js";
import { verify } from "../shared/verify.js";
import type { ErrorCode, Session } from "../types.js";

export type { DoorwardOptions, Paths, Session };

export interface AuthProxyOptions extends DoorwardOptions {
  /** What asks for a session. Nothing by default. */
  protected?: Paths;
  /** What also asks for a verified e-mail address. */
  verified?: Paths;
  /** What also asks for a sign-in with two factors: `requireSession({ acr: "aal2" })` for a path. */
  aal2?: Paths;
  /** Where signed-in people have no business, such as `/sign-in`. By default `signInPath`. */
  authPages?: Paths;
  /** What programs read: they get 401 as a problem in place of a redirect. `["/api"]` by default. */
  apiPaths?: Paths;
  /** Where `handlers` are mounted: left alone. `"/api/auth"` by default. */
  authPath?: string;
  /** `"/sign-in"` by default. Gets `?redirect_to=`. */
  signInPath?: string;
  /** Where to go from an auth page without `?redirect_to=`. `"/"` by default. */
  afterSignIn?: string;
  /** Where who has not verified their address is sent. `"/verify-email"` by default. */
  verifyEmailPath?: string;
  /** Where who has not signed in with two factors is sent, with `?acr=aal2`. `"/reauthenticate"` by default. */
  reauthenticatePath?: string;
  /** How many seconds before its end an access token is refreshed. 30 by default. */
  refreshSkew?: number;
  /**
   * The app's own part, once the request may pass. What it answers is sent, with our cookies. An answer of
   * `NextResponse.next` or `.rewrite` hands `headers` on to the render.
   */
  onRequest?: (
    request: NextRequest,
    context: { session: Session | null; headers: Headers },
  ) => Response | undefined | void | Promise<Response | undefined | void>;
}

/** What `proxy.ts` (Next 16) or `middleware.ts` (Next 15) exports. */
export type AuthProxy = (request: NextRequest) => Promise<Response>;

/** How Next names actions. */
const ACTION = /^[0-9a-f]{40,64}$/;

/** What is known of the browser, and what it must be told. */
interface Known {
  session: Session | null;
  /** The access token, where it is good. */
  token?: string;
  setCookies: string[];
  /** Why there is no session, where Doorward said so. */
  code?: ErrorCode;
  /** Why nothing could be found out. */
  down?: DoorwardUnavailable;
}

/**
 * Renews what has run out before the page is rendered, and spares visitors pages that they can't use. A convenience: what
 * must be kept safe is gated by `requireSession`, `withAuth` and `protectAction` where it is read.
 */
export function createAuthProxy(options: AuthProxyOptions = {}): AuthProxy {
  const settings = settingsOf(options);
  const signInPath = options.signInPath ?? "/sign-in";
  const verifyEmailPath = options.verifyEmailPath ?? "/verify-email";
  const reauthenticatePath = options.reauthenticatePath ?? "/reauthenticate";
  const authPath = [options.authPath ?? "/api/auth"];
  const authPages = options.authPages ?? [signInPath];
  const apiPaths = options.apiPaths ?? ["/api"];
  const tokens = new Tokens(settings, options.refreshSkew ?? 30);

  return async (request) => {
    const path = plainPath(request.nextUrl.pathname);
    const headers = handedOn(request);
    if (matches(path, authPath)) return NextResponse.next({ request: { headers } });

    const known = await tokens.of(request);
    const isApi = matches(path, apiPaths);
    const needsVerified = matches(path, options.verified ?? []);
    const needsTwo = matches(path, options.aal2 ?? []);
    const isProtected = needsVerified || needsTwo || matches(path, options.protected ?? []);
    // The action's own check answers: to a redirect from here the page says "unexpected response". What programs read has no
    // actions, and anybody can write the header.
    const isAction = !isApi && request.method === "POST" && ACTION.test(request.headers.get("next-action") ?? "");
    const answer = (response: Response) => withCookies(response, known.setCookies);

    if (isProtected && !isAction) {
      if (known.down) return answer(refuseForNow(known.down, isApi));
      if (!known.session) return answer(isApi ? problem(known.code ?? "not_authenticated") : redirect(request, signInPath, true));
      if (needsVerified && !known.session.emailVerified && !(await tokens.verifiedSince(request, known))) {
        if (known.down) return answer(refuseForNow(known.down, isApi));
        return answer(isApi ? problem("email_not_verified") : redirect(request, verifyEmailPath, true));
      }
      if (needsTwo && isBelow(known.session.acr, "aal2")) {
        return answer(isApi ? problem("reauthentication_required") : redirect(request, `${reauthenticatePath}?acr=aal2`, true));
      }
    } else if (known.session && !isAction && !isApi && matches(path, authPages)) {
      // A session that was ended leaves a token that looks good: page and auth page would send each other the browser.
      await tokens.confirm(request, known);
      if (known.session) {
        const wanted = request.nextUrl.searchParams.get("redirect_to");
        const target = safeRedirect(wanted, options.afterSignIn);
        const isLoop = matches(plainPath(target.split(/[?#]/, 1)[0] ?? ""), authPages);
        return answer(redirect(request, isLoop ? (options.afterSignIn ?? "/") : target, false));
      }
    }

    if (known.setCookies.length) {
      headers.set("cookie", applySetCookies(headers.get("cookie"), known.setCookies));
    }
    // Else a gate further in takes somebody for nobody, and leads them to sign in.
    if (known.down) headers.set(AWAY, String(known.down.retryAfter));
    const next = NextResponse.next({ request: { headers } });
    const own = await options.onRequest?.(request, { session: known.session, headers });
    return answer(own ? withOverrides(own, next) : next);
  };
}

/** Where a browser's tokens stand. */
class Tokens {
  readonly #keys: Keys;
  /** By the refresh token: many requests of one page make one refresh. */
  readonly #refreshing = new Map<string, Promise<Refreshed>>();

  constructor(
    readonly settings: Settings,
    readonly skew: number,
  ) {
    this.#keys = new Keys(settings);
  }

  async of(request: NextRequest): Promise<Known> {
    const { access, refresh, ended } = this.#cookies(request);
    try {
      const verified = access ? await verify(this.#keys, access) : undefined;
      if (access && verified?.kind === "good" && !ended.includes(verified.session.id)) {
        const { session, issuedAt, expiresAt } = verified;
        const good: Known = { session, token: access, setCookies: [] };
        // Short-lived tokens are left half of their life, and a prefetch takes what is there.
        const left = expiresAt - Date.now() / 1000;
        const early = left < Math.min(this.skew, (expiresAt - issuedAt) / 2);
        if (!early || !refresh || isPrefetch(request)) return good;
        return await this.#renew(request, refresh).catch(() => good);
      }
      return refresh ? await this.#renew(request, refresh) : { session: null, setCookies: [] };
    } catch (error) {
      if (error instanceof DoorwardUnavailable) return { session: null, setCookies: [], down: error };
      throw error;
    }
  }

  /** Asks Doorward whether the session still runs, and forgets it where it does not. */
  async confirm(request: NextRequest, known: Known): Promise<void> {
    try {
      const asked = await askSession(this.settings, known.token ?? "", request.headers);
      if ("current" in asked) return;
      const { refresh } = this.#cookies(request);
      known.session = null;
      // The refresh token may be of another session, or of this one after all: only its own 401 clears cookies.
      if (refresh && !known.setCookies.length) Object.assign(known, await this.#renew(request, refresh));
      else if (isFinal(asked.code)) known.setCookies = this.#clearing();
    } catch (error) {
      if (!(error instanceof DoorwardUnavailable)) throw error;
      // Rather a sign-in page too many than a circle.
      known.session = null;
    }
  }

  /** Whether the address was verified after the token was made. */
  async verifiedSince(request: NextRequest, known: Known): Promise<boolean> {
    try {
      const asked = await askSession(this.settings, known.token ?? "", request.headers);
      return "current" in asked && asked.current.user.email_verified;
    } catch (error) {
      if (!(error instanceof DoorwardUnavailable)) throw error;
      known.down = error;
      return false;
    }
  }

  async #renew(request: NextRequest, token: string): Promise<Known> {
    let refreshing = this.#refreshing.get(token);
    if (!refreshing) {
      refreshing = refresh(this.settings, token, request.headers).finally(() => this.#refreshing.delete(token));
      this.#refreshing.set(token, refreshing);
    }
    const refreshed = await refreshing;
    if (refreshed.kind === "nobody") return { session: null, setCookies: [] };
    const { setCookies } = refreshed;
    if (refreshed.kind === "over") {
      const taken = withNote(this.settings, request.headers.get("cookie"), setCookies.length ? setCookies : this.#clearing());
      return { session: null, setCookies: taken, code: refreshed.code };
    }
    const access = readCookie(applySetCookies(null, setCookies), this.settings.cookies.access);
    const verified = access ? await verify(this.#keys, access, true) : undefined;
    if (access && verified?.kind === "good") return { session: verified.session, token: access, setCookies };
    // Signing in again would not help, and lead here again.
    const reason = verified?.kind === "invalid" ? verified.reason : (verified?.kind ?? `no cookie ${this.settings.cookies.access}`);
    console.error(
      `@doorward/next: Doorward's new access token can't be used: ${reason}. Compare DOORWARD_PUBLIC_URL` +
        ` (${this.settings.issuer}), DOORWARD_TOKEN__AUDIENCE and DOORWARD_SESSION__COOKIE_DOMAIN with the server's, and the clocks.`,
    );
    return { session: null, setCookies, down: new DoorwardUnavailable(30) };
  }

  #cookies(request: NextRequest): { access: string | undefined; refresh: string | undefined; ended: string[] } {
    const header = request.headers.get("cookie");
    const { access, refresh } = this.settings.cookies;
    return { access: readCookie(header, access), refresh: readCookie(header, refresh), ended: endedSessions(this.settings, header) };
  }

  /** As Doorward itself takes its cookies back. */
  #clearing(): string[] {
    const { access, refresh } = this.settings.cookies;
    return [access, refresh].map((name) => cookieLine(this.settings, name, "", 0));
  }
}

/** The request's headers as the render gets them: nothing in them that pretends to come from Next or from here. */
function handedOn(request: NextRequest): Headers {
  const headers = new Headers(request.headers);
  for (const name of request.headers.keys()) {
    if (/^x-(middleware|doorward)-/.test(name)) headers.delete(name);
  }
  // Where sign-in leads back to; a server component is not told.
  headers.set("x-doorward-path", request.nextUrl.pathname + request.nextUrl.search);
  return headers;
}

/** What Next itself prefetches can't be told from here; what the browser does, can. */
function isPrefetch({ headers }: NextRequest): boolean {
  return headers.get("next-router-prefetch") === "1" || /prefetch/.test(headers.get("sec-purpose") ?? headers.get("purpose") ?? "");
}

/** To a path of the app, below its `basePath`. */
function redirect(request: NextRequest, target: string, comeBack: boolean): Response {
  const url = request.nextUrl.clone();
  const { pathname, search, hash } = new URL(target, "http://app.invalid");
  url.pathname = pathname;
  url.search = search;
  url.hash = hash;
  if (comeBack) url.searchParams.set("redirect_to", request.nextUrl.pathname + request.nextUrl.search);
  const response = NextResponse.redirect(url, request.method === "GET" || request.method === "HEAD" ? 307 : 303);
  // It holds for this browser and this moment.
  response.headers.set("cache-control", "private, no-store");
  return response;
}

function refuseForNow({ retryAfter }: DoorwardUnavailable, isApi: boolean): Response {
  if (isApi) return problem("unavailable", retryAfter);
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Just a moment</title><p>Signing you in takes longer than it should. Nothing is lost: please try again in a moment.</p></html>`;
  return new Response(html, {
    status: 503,
    headers: { "content-type": "text/html; charset=utf-8", "cache-control": "private, no-store", "retry-after": String(retryAfter) },
  });
}

/** Hands new cookies to the browser. Next's pages are cacheable by default, and no cache may give them to anybody else. */
function withCookies(response: Response, setCookies: string[]): Response {
  if (!setCookies.length) return response;
  for (const line of setCookies) response.headers.append("set-cookie", line);
  response.headers.set("cache-control", "private, no-store");
  return response;
}

/** The app's own answer; if it goes on to the render, with the request headers that it left as they were. */
function withOverrides(own: Response, next: Response): Response {
  const response = own instanceof NextResponse ? own : new NextResponse(own.body, own);
  if (!response.headers.has("x-middleware-next") && !response.headers.has("x-middleware-rewrite")) return response;
  // As NextResponse writes them down: a list of all headers that go on, and each.
  const LIST = "x-middleware-override-headers";
  if (response.headers.has(LIST)) return response;
  for (const [name, value] of next.headers) {
    if (name === LIST || name.startsWith("x-middleware-request-")) response.headers.set(name, value);
  }
  return response;
}
