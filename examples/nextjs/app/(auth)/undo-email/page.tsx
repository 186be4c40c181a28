import type { Metadata } from "next";
import { TokenPage } from "@/components/token-page";

export const metadata: Metadata = { title: "Take your address back", referrer: "no-referrer" };

export default function UndoEmail({ searchParams }: PageProps<"/undo-email">) {
  return (
    <>
      <h1>Take your address back</h1>
      <TokenPage
        path="/v1/me/email/undo"
        searchParams={searchParams}
        explanation="This undoes the change of your address, and signs everybody out."
        label="Undo the change"
        success="Your address is yours again. Sign in."
      />
    </>
  );
}
