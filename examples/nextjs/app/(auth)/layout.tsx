import Link from "next/link";
import type { ReactNode } from "react";
import { AppAuth } from "@/components/app-auth";
import { Mark } from "@/components/mark";

/** The same for everybody: the proxy keeps people off who are signed in. What hangs on the request, each page streams in. */
export default function AuthLayout({ children }: { children: ReactNode }) {
  return (
    <div className="auth">
      <header>
        <Link className="name" href="/">
          <Mark /> Fieldnote
        </Link>
      </header>
      <main className="card">
        <AppAuth initialSession={null}>{children}</AppAuth>
      </main>
    </div>
  );
}
