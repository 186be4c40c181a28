import assert from "node:assert/strict";
import { test } from "node:test";
import { AppRouterContext } from "next/dist/shared/lib/app-router-context.shared-runtime.js";
import { renderToString } from "react-dom/server";
import { AuthProvider, RequireRole, SignedIn, SignedOut, useSession, type Session } from "../src/react/index.js";

const session = { id: "session_1", userId: "user_1", emailVerified: true, authTime: 0, amr: ["pwd"], acr: "aal1" };
const ada = { ...session, user: { roles: ["user"], email: "ada@example.com" } } as unknown as Session;

function Status() {
  const { status, session } = useSession();
  return `${status} ${session?.userId ?? "nobody"} `;
}

function render(initialSession?: Session | null): string {
  return renderToString(
    <AppRouterContext.Provider value={{ refresh() {} } as never}>
      <AuthProvider {...(initialSession !== undefined && { initialSession })}>
        <Status />
        <SignedIn>in </SignedIn>
        <SignedOut>out </SignedOut>
        <RequireRole role="user">user </RequireRole>
        <RequireRole role={["admin", "owner"]} fallback="no admin">
          admin
        </RequireRole>
      </AuthProvider>
    </AppRouterContext.Provider>,
  ).replaceAll("<!-- -->", "");
}

test("the first render already knows who is signed in", () => {
  assert.equal(render(ada), "signed-in user_1 in user no admin");
  assert.equal(render({ ...session, user: null }), "signed-in user_1 in no admin");
  assert.equal(render(null), "signed-out nobody out no admin");
});

test("without a session from the server neither is shown until the browser has asked", () => {
  assert.equal(render(), "loading nobody no admin");
});

test("outside the provider it is said what is missing", () => {
  assert.throws(() => renderToString(<Status />), /AuthProvider/);
});
