import type { Metadata } from "next";
import { TokenPage } from "@/components/token-page";

export const metadata: Metadata = { title: "Keep your second factor", referrer: "no-referrer" };

export default function CancelRecovery({ searchParams }: PageProps<"/recovery/cancel">) {
  return (
    <>
      <h1>Keep your second factor</h1>
      <TokenPage
        path="/v1/recovery/cancel"
        searchParams={searchParams}
        explanation="Somebody said that the second factor of your account is lost. It was not you, or you have found it? Then nothing is removed."
        label="Cancel the recovery"
        success="The recovery is cancelled. If it was not you who asked for it, somebody knows your password: choose a new one."
      />
    </>
  );
}
