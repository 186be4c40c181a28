import { createAuthProxy } from "@doorward/next/proxy";

export const proxy = createAuthProxy({
  protected: ["/dashboard", "/admin", "/reauthenticate", "/api/me"],
  verified: ["/billing"],
  // Not all below sign-in: the link of a mail also tells somebody signed in here what to do who asked for it elsewhere.
  authPages: [/^\/sign-in(\/email)?$/, "/sign-up", "/forgot-password"],
  afterSignIn: "/dashboard",
});

// All but what is the same for everybody. Next reads this without running it, so it must be written out here. "/" for itself, as
// the pattern does not reach it below a `basePath`.
export const config = {
  matcher: ["/", "/((?!_next/static|_next/image|icon.svg|robots.txt).*)"],
};
