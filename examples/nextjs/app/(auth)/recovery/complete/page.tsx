import type { Metadata } from "next";
import { TokenPage } from "@/components/token-page";

export const metadata: Metadata = { title: "Remove your second factor", referrer: "no-referrer" };

export default function CompleteRecovery({ searchParams }: PageProps<"/recovery/complete">) {
  return (
    <>
      <h1>Remove your second factor</h1>
      <TokenPage
        path="/v1/recovery/complete"
        searchParams={searchParams}
        explanation="This removes your second factors (app, passkeys, phone number, backup codes) and signs everybody out. You set up a new one when you sign in next."
        label="Remove my second factor"
        success="Your second factor is removed, and everybody is signed out. Sign in to set up a new one."
      />
    </>
  );
}
