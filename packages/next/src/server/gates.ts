import { isBelow, type Acr } from "../shared/acr.js";
import type { CheckedSession, ErrorCode, Session } from "../types.js";

export interface Gates<Role extends string = string, Permission extends string = string> {
  /** One of these roles. Asks Doorward. */
  role?: Role | readonly Role[];
  /** All of these permissions. Asks Doorward. */
  permission?: Permission | readonly Permission[];
  /** A verified e-mail address. */
  verified?: boolean;
  /** Ask Doorward whether the session still runs. Without it an end shows when the access token runs out. */
  fresh?: boolean;
  /**
   * Who they are was proved within ten minutes, or as many seconds; by accounts that have a second factor, with it. A session
   * without one asks Doorward whether the account has any.
   */
  reauthenticated?: boolean | number;
  /** At least this level: `aal2` is a sign-in with two factors. */
  acr?: Acr;
}

export interface PageGates<Role extends string = string, Permission extends string = string>
  extends Gates<Role, Permission> {
  /** Where sign-in leads back to. By default the page that was asked for, as far as the proxy saw it. */
  returnTo?: string;
}

/** With what asks Doorward, the account is there. */
export type SessionFor<G, Role extends string, Permission extends string> = G extends
  | { role: Role | readonly Role[] }
  | { permission: Permission | readonly Permission[] }
  | { fresh: true }
  ? CheckedSession<Role, Permission>
  : Session<Role, Permission>;

export interface RouteContext {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- Next checks it against each route's own parameters.
  params: Promise<any>;
}

/** What Doorward itself takes for fresh, in seconds. */
const TEN_MINUTES = 600;

export function asksDoorward(gates: Gates): boolean {
  return gates.role !== undefined || gates.permission !== undefined || gates.fresh === true;
}

/** Why a session may not pass, or nothing. Roles and permissions count only where Doorward told them. */
export function refusal(session: Session, gates: Gates): ErrorCode | undefined {
  const { role, permission, verified, reauthenticated, acr } = gates;
  const { roles = [], permissions = [] } = session.user ?? {};
  if (role !== undefined && !list(role).some((one) => roles.includes(one))) return "permission_denied";
  if (permission !== undefined && !list(permission).every((one) => permissions.includes(one))) return "permission_denied";
  if (verified && !session.emailVerified) return "email_not_verified";
  if (acr !== undefined && isBelow(session.acr, acr)) return "reauthentication_required";
  if (reauthenticated) {
    if (session.user?.mfa_enabled && isBelow(session.acr, "aal2")) return "reauthentication_required";
    const within = reauthenticated === true ? TEN_MINUTES : reauthenticated;
    if (session.authTime + within < Date.now() / 1000) return "reauthentication_required";
  }
  return undefined;
}

function list(one: string | readonly string[]): readonly string[] {
  return typeof one === "string" ? [one] : one;
}
