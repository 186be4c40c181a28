import type { Metadata } from "next";
import { Suspense } from "react";
import { requireSession } from "@/lib/auth";
import { ReauthenticateForm } from "./form";

export const metadata: Metadata = { title: "Confirm that it is you" };

export default function Reauthenticate({ searchParams }: PageProps<"/reauthenticate">) {
  return (
    <>
      <h1>Confirm that it is you</h1>
      <Suspense fallback={<p className="soft">One moment…</p>}>
        <ForSignedIn searchParams={searchParams} />
      </Suspense>
    </>
  );
}

async function ForSignedIn({ searchParams }: Pick<PageProps<"/reauthenticate">, "searchParams">) {
  await requireSession();
  const { redirect_to, acr } = await searchParams;
  return (
    <ReauthenticateForm redirectTo={typeof redirect_to === "string" ? redirect_to : undefined} needsTwo={acr === "aal2"} />
  );
}
