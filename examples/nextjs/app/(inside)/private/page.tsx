import type { Metadata } from "next";
import { Suspense } from "react";
import { requireSession } from "@/lib/auth";

export const metadata: Metadata = { title: "Private" };

export default function Private() {
  return (
    <>
      <h1>Private</h1>
      <Suspense fallback={<p className="soft">One moment…</p>}>
        <WithTwoFactors />
      </Suspense>
    </>
  );
}

async function WithTwoFactors() {
  await requireSession({ acr: "aal2" });
  return (
    <section className="card">
      <p>
        You signed in with two factors, so you get to read this. A device that you trust is let in by your password alone, and
        would be asked for the second one here.
      </p>
    </section>
  );
}
