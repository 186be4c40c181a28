import "server-only";
import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { connection } from "next/server";
import { createAuthOn, type Auth, type AuthOptions } from "./auth.js";

export type { CheckedSession, CurrentSession, ErrorCode, Session, SessionDetails, User } from "../types.js";
export type { DoorwardOptions } from "../shared/settings.js";
export type { Gates, PageGates, RouteContext, SessionFor } from "./gates.js";
export type { Auth, AuthOptions, RouteHandler } from "./auth.js";
export { DoorwardUnavailable } from "../shared/doorward.js";
export { safeRedirect } from "../shared/safe-redirect.js";

/** The gates of an app, and Doorward's API on its origin. Made once, in a module of its own such as `lib/auth.ts`. */
export function createAuth<Role extends string = string, Permission extends string = string>(
  options: AuthOptions = {},
): Auth<Role, Permission> {
  return createAuthOn<Role, Permission>({ headers: ofThisRequest, redirect }, options);
}

/** Whether a token has run out depends on the time: nothing that Next may render ahead and keep. */
async function ofThisRequest(): Promise<Headers> {
  await connection();
  return headers();
}
