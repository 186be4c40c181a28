import type { Metadata } from "next";
import { Suspense } from "react";
import { requireSession } from "@/lib/auth";

export const metadata: Metadata = { title: "Administration" };

export default function Administration() {
  return (
    <>
      <h1>Administration</h1>
      <Suspense fallback={<p className="soft">One moment…</p>}>
        <ForAdministrators />
      </Suspense>
    </>
  );
}

async function ForAdministrators() {
  // Tokens say who somebody is; what they may is asked of Doorward, now.
  const { user } = await requireSession({ role: "admin" });
  return (
    <section className="card">
      <p>
        You are <strong>{user.email}</strong>, and you may see this page because you have the role <code>admin</code> at this
        moment. Take it away, and the next request is refused:
      </p>
      <pre>doorward user revoke {user.email} admin</pre>
      <p>Your permissions: {user.permissions.join(", ") || "none"}.</p>
    </section>
  );
}
