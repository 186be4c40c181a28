"use client";

import { useRouter } from "next/navigation";
import { createContext, Fragment, useContext, useEffect, useRef, useState, type ReactNode } from "react";
import { createAuthClient, type AuthClient, type CurrentSession } from "../client/index.js";
import type { Session } from "../types.js";

export type { AuthClient, Session };

export interface AuthProviderProps {
  children: ReactNode;
  /** What `auth()` said in the layout. Left out (a page that is the same for all), the browser asks. */
  initialSession?: Session | null;
  /** By default `createAuthClient()`. */
  client?: AuthClient;
}

export type SessionState<Role extends string = string, Permission extends string = string> = { client: AuthClient } & (
  | { status: "signed-in"; session: Session<Role, Permission> }
  | { status: "signed-out"; session: null }
  /** Only without `initialSession`, until the browser has asked. */
  | { status: "loading"; session: null }
);

const Context = createContext<SessionState | null>(null);

/** Knows who is signed in from the first render on, and follows sign-ins and sign-outs in every tab. */
export function AuthProvider({ children, initialSession, client: given }: AuthProviderProps): ReactNode {
  const [client] = useState(() => given ?? createAuthClient());
  const [session, setSession] = useState(initialSession);
  const [rendered, setRendered] = useState(initialSession);
  const router = useRouter();
  const [owner, setOwner] = useState({ userId: session?.userId, changes: 0 });
  const shown = useRef(session);

  // The server rendered anew, and knows better.
  if (initialSession !== rendered) {
    setRendered(initialSession);
    if (initialSession !== undefined) setSession(initialSession);
  }

  // Somebody else signed in, here or in another tab: what was typed and fetched is not theirs.
  if (session && session.userId !== owner.userId) {
    setOwner({ userId: session.userId, changes: owner.userId ? owner.changes + 1 : owner.changes });
  }

  useEffect(() => {
    shown.current = session;
  }, [session]);

  useEffect(() => {
    const ask = async () => {
      const { ok, data } = await client.session();
      if (ok) setSession(data ? sessionOf(data) : null);
    };
    // What the router and the browser kept of pages is another person's now, or nobody's.
    const renew = () => {
      void ask();
      router.refresh();
    };
    if (shown.current === undefined) void ask();
    // It was under way when the others were told.
    else if (shown.current && client.missedSignOut()) renew();
    const quit = () => {
      if (shown.current === null) return;
      setSession(null);
      router.refresh();
    };
    const comeBack = ({ persisted }: PageTransitionEvent) => persisted && renew();
    addEventListener("pageshow", comeBack);
    const ends = [client.on("signed-in", renew), client.on("confirmed", renew), client.on("signed-out", quit)];
    return () => {
      removeEventListener("pageshow", comeBack);
      for (const end of ends) end();
    };
  }, [client, router]);

  const state: SessionState = session
    ? { status: "signed-in", session, client }
    : { status: session === null ? "signed-out" : "loading", session: null, client };
  return (
    <Context.Provider value={state}>
      <Fragment key={owner.changes}>{children}</Fragment>
    </Context.Provider>
  );
}

export function useSession<Role extends string = string, Permission extends string = string>(): SessionState<
  Role,
  Permission
> {
  const state = useContext(Context);
  if (!state) throw new Error("useSession needs an <AuthProvider> around it.");
  return state as SessionState<Role, Permission>;
}

export function SignedIn({ children }: { children: ReactNode }): ReactNode {
  return useSession().status === "signed-in" ? children : null;
}

export function SignedOut({ children }: { children: ReactNode }): ReactNode {
  return useSession().status === "signed-out" ? children : null;
}

export interface RequireRoleProps<Role extends string = string> {
  /** One of these. */
  role: Role | readonly Role[];
  children: ReactNode;
  fallback?: ReactNode;
}

/** Decides what is shown, and protects nothing: the data behind it is gated on the server. */
export function RequireRole<Role extends string = string>({ role, children, fallback = null }: RequireRoleProps<Role>): ReactNode {
  const roles: readonly string[] = useSession().session?.user?.roles ?? [];
  return [role].flat().some((one) => roles.includes(one as string)) ? children : fallback;
}

function sessionOf({ user, session }: CurrentSession): Session {
  return {
    id: session.id,
    userId: user.id,
    emailVerified: user.email_verified,
    authTime: Date.parse(session.auth_time) / 1000,
    amr: session.amr,
    acr: session.acr,
    user,
  };
}
