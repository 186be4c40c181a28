import type { Metadata } from "next";
import { Suspense } from "react";
import { requireSession } from "@/lib/auth";

export const metadata: Metadata = { title: "Billing" };

export default function Billing() {
  return (
    <>
      <h1>Billing</h1>
      <Suspense fallback={<p className="soft">One moment…</p>}>
        <ForVerified />
      </Suspense>
    </>
  );
}

async function ForVerified() {
  await requireSession({ verified: true });
  return (
    <section className="card">
      <p>Fieldnote costs nothing, so there is nothing to pay. Only people with a verified address get to read this.</p>
    </section>
  );
}
