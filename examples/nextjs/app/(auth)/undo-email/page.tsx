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
        explanation="This undoes the change of your address, signs everybody out and takes away what was added since to sign in with. The password stops working, and a link for a new one comes to your old address."
        label="Undo the change"
        success="Your address is yours again, and everybody is signed out. A mail with a link for a new password is on its way."
      />
    </>
  );
}
