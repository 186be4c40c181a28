import type { Metadata } from "next";
import { Suspense } from "react";
import { auth } from "@/lib/auth";
import { VerifyEmail } from "./form";

export const metadata: Metadata = { title: "Verify your address", referrer: "no-referrer" };

/** From a mail (`?token=`), or sent here by a gate. */
export default function Page({ searchParams }: PageProps<"/verify-email">) {
  return (
    <>
      <h1>Verify your address</h1>
      <Suspense fallback={<p className="soft">One moment…</p>}>
        <WithToken searchParams={searchParams} />
      </Suspense>
    </>
  );
}

async function WithToken({ searchParams }: Pick<PageProps<"/verify-email">, "searchParams">) {
  const { token, redirect_to } = await searchParams;
  const session = await auth({ fresh: "if-possible" });
  return (
    <VerifyEmail
      token={typeof token === "string" ? token : undefined}
      email={session?.user?.email}
      isVerified={session?.emailVerified ?? false}
      redirectTo={typeof redirect_to === "string" ? redirect_to : undefined}
    />
  );
}
