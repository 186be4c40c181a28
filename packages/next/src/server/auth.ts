import type { NextRequest } from "next/server";
import { isBelow } from "../shared/acr.js";
import { readCookie } from "../shared/cookies.js";
import { askSession, AWAY, DoorwardUnavailable } from "../shared/doorward.js";
import { endedSessions } from "../shared/ended.js";
import { Keys } from "../shared/keys.js";
import { problem } from "../shared/problem.js";
import { safeRedirect } from "../shared/safe-redirect.js";
import { settingsOf, type DoorwardOptions } from "../shared/settings.js";
import { verify, type Verified } from "../shared/verify.js";
import type { CheckedSession, CurrentSession, ErrorCode, Session, User } from "../types.js";
import { mayChange } from "./cross-site.js";
import { forward } from "./forward.js";
import { asksDoorward, refusal, type Gates, type PageGates, type RouteContext, type SessionFor } from "./gates.js";
import { feedOf } from "./revocations.js";

export interface AuthOptions extends DoorwardOptions {
  /** `"/sign-in"` by default. Gets `?redirect_to=`. */
  signInPath?: string;
  /** Where who lacks a role or permission is sent. `"/forbidden"` by default. */
  forbiddenPath?: string;
  /** Where who has not verified their address is sent. `"/verify-email"` by default. */
  verifyEmailPath?: string;
  /** Where who must prove once more who they are is sent, with `?redirect_to=`. `"/reauthenticate"` by default. By the gate `acr` with `?acr=` too. */
  reauthenticatePath?: string;
  /** Origins beside the app's own whose pages may send what changes something to `withAuth` handlers. */
  allowedOrigins?: string[];
  /**
   * Listen to which sessions end, so that `auth()` knows within a second: a service key with the scope
   * `revocations:read`. For servers that stay up. `DOORWARD_SERVICE_KEY` by default.
   */
  serviceKey?: string;
}

/** Of a catch-all route, `app/api/auth/[...all]/route.ts`. */
export type RouteHandler = (request: NextRequest, context: RouteContext) => Promise<Response>;

export interface Auth<Role extends string = string, Permission extends string = string> {
  /**
   * Who is signed in: verified by the token alone, without a call. With `fresh: true` Doorward is asked, once per request,
   * and the account comes along; `"if-possible"` makes do with the token where Doorward can't be reached.
   *
   * @throws DoorwardUnavailable where Doorward has to be asked and can't be.
   */
  auth(options: { fresh: true }): Promise<CheckedSession<Role, Permission> | null>;
  auth(options?: { fresh?: boolean | "if-possible" }): Promise<Session<Role, Permission> | null>;

  /** For pages and actions: who does not pass is redirected. */
  requireSession<const G extends PageGates<Role, Permission> = Record<never, never>>(
    gates?: G,
  ): Promise<SessionFor<G, Role, Permission>>;

  /** For route handlers: who does not pass gets 401 or 403 as a problem, where Doorward can't be asked 503. */
  withAuth<const G extends Gates<Role, Permission> = Record<never, never>, C extends RouteContext = RouteContext>(
    handler: (
      request: NextRequest,
      session: SessionFor<G, Role, Permission>,
      context: C,
    ) => Response | Promise<Response>,
    gates?: G,
  ): (request: NextRequest, context: C) => Promise<Response>;

  /** For server actions: `fn` gets the session before its own arguments. Who does not pass is redirected. */
  protectAction<A extends unknown[], R, const G extends PageGates<Role, Permission> = Record<never, never>>(
    fn: (session: SessionFor<G, Role, Permission>, ...args: A) => Promise<R>,
    gates?: G,
  ): (...args: A) => Promise<R>;

  /** Doorward's JSON API on the app's own origin. */
  handlers: Record<"GET" | "POST" | "PUT" | "PATCH" | "DELETE", RouteHandler>;
}

/** What Next gives: the headers of the request under way, and a redirect, which throws. */
export interface Platform {
  headers(): Promise<Headers>;
  redirect(path: string): never;
}

/** What was found out during a request, once for all who ask in it. */
interface Visit {
  verified?: Promise<Verified>;
  asked?: Promise<{ current: CurrentSession } | { code: ErrorCode }>;
}

/** What was answered to one person is for no cache, unless the handler says otherwise. */
function unshared(response: Response): Response {
  if (response.headers.has("cache-control")) return response;
  const own = new Response(response.body, response);
  own.headers.set("cache-control", "private, no-store");
  return own;
}

function reauthenticatePath(path = "/reauthenticate", query: string, acr: string | undefined): string {
  return path + query + (acr ? `${query ? "&" : "?"}acr=${acr}` : "");
}

/** What the proxy says of Doorward. A client that says so itself is refused something, and no more. */
function awayOf(browser: Headers): { away?: DoorwardUnavailable } {
  const seconds = browser.get(AWAY);
  return seconds === null ? {} : { away: new DoorwardUnavailable(Number(seconds) || 5) };
}

/** `away`: somebody may be signed in, and it could not be found out. */
type Outcome = { session: Session } | { code: ErrorCode; away?: DoorwardUnavailable };

export function createAuthOn<Role extends string, Permission extends string>(
  platform: Platform,
  options: AuthOptions,
): Auth<Role, Permission> {
  const settings = settingsOf(options);
  const keys = new Keys(settings);
  const serviceKey = options.serviceKey ?? process.env.DOORWARD_SERVICE_KEY;
  /**
   * By the request's headers, an object that Next makes once per request. React's `cache` would hold in a render alone, not
   * in route handlers and actions.
   */
  const visits = new WeakMap<Headers, Visit>();

  /** Judges the cookie that came, and nothing else that the request says of itself. */
  async function look(browser: Headers, fresh: boolean | "if-possible"): Promise<Outcome> {
    const header = browser.get("cookie");
    const access = readCookie(header, settings.cookies.access);
    // Where a refresh may help, the browser's `fetch` makes one.
    const nobody: Outcome = readCookie(header, settings.cookies.refresh)
      ? { code: "token_expired", ...awayOf(browser) }
      : { code: "not_authenticated" };
    if (!access) return nobody;
    const visit = visits.get(browser) ?? {};
    visits.set(browser, visit);
    const verified = await (visit.verified ??= verify(keys, access));
    if (verified.kind !== "good" || endedSessions(settings, header).includes(verified.session.id)) return nobody;
    const { session, issuedAt } = verified;
    let ask = fresh;
    if (serviceKey) {
      const judged = feedOf(settings, serviceKey).judge(session, issuedAt);
      if (judged === "ended") return { code: "session_revoked" };
      if (judged === "unknown") ask ||= true;
    }
    if (!ask) return { session };
    try {
      const asked = await (visit.asked ??= askSession(settings, access, browser));
      if ("code" in asked) return asked;
      const { user } = asked.current;
      if (user.id !== session.userId) return { code: "token_invalid" };
      return { session: { ...session, emailVerified: user.email_verified, user: user as User } };
    } catch (error) {
      if (ask === "if-possible" && error instanceof DoorwardUnavailable) return { session };
      throw error;
    }
  }

  async function pass(browser: Headers, gates: Gates): Promise<Outcome> {
    let outcome = await look(browser, asksDoorward(gates));
    // The address may have been verified since the token was made.
    if (gates.verified && "session" in outcome && !outcome.session.emailVerified) outcome = await look(browser, true);
    // The token does not say whether the account has a second factor that was not asked for.
    if (gates.reauthenticated && "session" in outcome && !outcome.session.user && isBelow(outcome.session.acr, "aal2")) {
      outcome = await look(browser, true);
    }
    if ("code" in outcome) {
      if (outcome.away) throw outcome.away;
      return outcome;
    }
    const code = refusal(outcome.session, gates);
    return code ? { code } : outcome;
  }

  async function requireSession(gates: PageGates = {}): Promise<Session> {
    const browser = await platform.headers();
    const outcome = await pass(browser, gates);
    if ("session" in outcome) return outcome.session;
    const back = encodeURIComponent(safeRedirect(gates.returnTo ?? browser.get("x-doorward-path"), ""));
    const query = back && `?redirect_to=${back}`;
    switch (outcome.code) {
      case "permission_denied":
        return platform.redirect(options.forbiddenPath ?? "/forbidden");
      case "email_not_verified":
        return platform.redirect((options.verifyEmailPath ?? "/verify-email") + query);
      case "reauthentication_required":
        return platform.redirect(reauthenticatePath(options.reauthenticatePath, query, gates.acr));
      default:
        return platform.redirect((options.signInPath ?? "/sign-in") + query);
    }
  }

  type Handler = (request: NextRequest, session: Session, context: RouteContext) => Response | Promise<Response>;
  const withAuth =
    (handler: Handler, gates: Gates = {}) =>
    async (request: NextRequest, context: RouteContext): Promise<Response> => {
      if (!mayChange(request, settings.issuer, options.allowedOrigins ?? [])) return problem("cross_site_refused");
      try {
        const outcome = await pass(await platform.headers(), gates);
        return "code" in outcome ? problem(outcome.code) : unshared(await handler(request, outcome.session, context));
      } catch (error) {
        if (error instanceof DoorwardUnavailable) return problem("unavailable", error.retryAfter);
        throw error;
      }
    };

  const protectAction =
    (fn: (session: Session, ...args: unknown[]) => Promise<unknown>, gates: PageGates = {}) =>
    async (...args: unknown[]) =>
      fn(await requireSession(gates), ...args);

  const auth = async ({ fresh = false }: { fresh?: boolean | "if-possible" } = {}): Promise<Session | null> => {
    try {
      const outcome = await look(await platform.headers(), fresh);
      if ("session" in outcome) return outcome.session;
      if (fresh === true && outcome.away) throw outcome.away;
      return null;
    } catch (error) {
      if (fresh === "if-possible" && error instanceof DoorwardUnavailable) return null;
      throw error;
    }
  };

  const handle: RouteHandler = (request, context) => forward(settings, request, context);
  const handlers = { GET: handle, POST: handle, PUT: handle, PATCH: handle, DELETE: handle };
  // What was gated is what the types say; the names of roles are the app's own.
  return { auth, requireSession, withAuth, protectAction, handlers } as unknown as Auth<Role, Permission>;
}
