import Link from "next/link";
import { Suspense, type ReactNode } from "react";
import { AppAuth } from "@/components/app-auth";
import { Mark } from "@/components/mark";

/** The same for everybody: the proxy keeps people off who are signed in, and what else is needed streams in. */
export default function AuthLayout({ children }: { children: ReactNode }) {
  return (
    <div className="auth">
      <header>
        <Link className="name" href="/">
          <Mark /> Fieldnote
        </Link>
      </header>
      <main className="card">
        <AppAuth initialSession={null}>
          <Suspense fallback={<p className="soft">One moment…</p>}>{children}</Suspense>
        </AppAuth>
      </main>
    </div>
  );
}
