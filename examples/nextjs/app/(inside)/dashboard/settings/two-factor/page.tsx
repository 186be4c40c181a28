import type { Metadata } from "next";
import Link from "next/link";
import { Suspense } from "react";
import { requireSession } from "@/lib/auth";
import { TwoFactor } from "./two-factor";

export const metadata: Metadata = { title: "Two-factor" };

export default function Page({ searchParams }: PageProps<"/dashboard/settings/two-factor">) {
  return (
    <>
      <p>
        <Link href="/dashboard/settings">Back to settings</Link>
      </p>
      <h1>Two-factor</h1>
      <Suspense fallback={<p className="soft">One moment…</p>}>
        <ForSignedIn searchParams={searchParams} />
      </Suspense>
    </>
  );
}

async function ForSignedIn({ searchParams }: Pick<PageProps<"/dashboard/settings/two-factor">, "searchParams">) {
  await requireSession({ fresh: true });
  const { redirect_to } = await searchParams;
  return <TwoFactor redirectTo={typeof redirect_to === "string" ? redirect_to : undefined} />;
}
