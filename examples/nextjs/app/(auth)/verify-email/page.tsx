import type { Metadata } from "next";
import { auth } from "@/lib/auth";
import { VerifyEmail } from "./form";

export const metadata: Metadata = { title: "Verify your address", referrer: "no-referrer" };

/** From a mail (`?token=`), or sent here by a gate. */
export default async function Page({ searchParams }: PageProps<"/verify-email">) {
  const { token, redirect_to } = await searchParams;
  const session = await auth({ fresh: "if-possible" });
  return (
    <>
      <h1>Verify your address</h1>
      <VerifyEmail
        token={typeof token === "string" ? token : undefined}
        email={session?.user?.email}
        redirectTo={typeof redirect_to === "string" ? redirect_to : undefined}
      />
    </>
  );
}
