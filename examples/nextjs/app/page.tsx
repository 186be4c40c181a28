import Link from "next/link";
import { Suspense } from "react";
import { AccountLinks } from "@/components/account-links";
import { Mark } from "@/components/mark";
import { SessionProvider } from "@/components/session-provider";

/** The same for everybody but for one corner, which streams in. */
export default function Landing() {
  return (
    <div className="landing">
      <header className="bar">
        <Link className="name" href="/">
          <Mark /> Fieldnote
        </Link>
        <nav aria-label="Account" className="bar-end">
          <Suspense fallback={<span className="placeholder" aria-hidden="true" />}>
            <SessionProvider>
              <AccountLinks />
            </SessionProvider>
          </Suspense>
        </nav>
      </header>
      <main>
        <section className="hero">
          <h1>What you noticed, kept.</h1>
          <p className="lede">
            A note is a line or two, written where it happened. Sign in on any device and it is there. Nobody else reads it.
          </p>
          <p className="actions">
            <Link className="button primary" href="/sign-up">
              Start writing
            </Link>
            <Link className="button" href="/sign-in">
              I have an account
            </Link>
          </p>
        </section>
        <section className="points" aria-label="What this example shows">
          <div>
            <h2>Before the page</h2>
            <p>
              <code>proxy.ts</code> renews a session that ran out, before anything renders. No flash of a sign-in page.
            </p>
          </div>
          <div>
            <h2>Where data is read</h2>
            <p>
              <code>requireSession</code> and <code>withAuth</code> verify the token again, and ask for roles and a verified
              address.
            </p>
          </div>
          <div>
            <h2>In the browser</h2>
            <p>
              One refresh for all tabs, the request sent again with its body, and a sign-out that every tab hears of.
            </p>
          </div>
        </section>
      </main>
      <footer className="foot">An example of Doorward in Next.js. Copy what you need.</footer>
    </div>
  );
}
