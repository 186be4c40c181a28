import type { Metadata } from "next";
import { TokenPage } from "@/components/token-page";

export const metadata: Metadata = { title: "Restore your account", referrer: "no-referrer" };

export default function RestoreAccount({ searchParams }: PageProps<"/restore-account">) {
  return (
    <>
      <h1>Restore your account</h1>
      <TokenPage
        path="/v1/account/restore"
        searchParams={searchParams}
        explanation="Your account is closed, and can still be opened again."
        label="Restore my account"
        success="Your account is open again. Sign in."
      />
    </>
  );
}
