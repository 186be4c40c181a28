import type { Metadata } from "next";
import { TokenPage } from "@/components/token-page";

export const metadata: Metadata = { title: "That was not me", referrer: "no-referrer" };

export default function NotMe({ searchParams }: PageProps<"/not-me">) {
  return (
    <>
      <h1>That was not me</h1>
      <TokenPage
        path="/v1/not-me"
        searchParams={searchParams}
        explanation="Somebody used your account, and it was not you. This signs everybody out, makes the password stop working and sends you a link for a new one."
        label="Sign everybody out"
        success="Everybody is signed out. A mail with a link for a new password is on its way."
      />
    </>
  );
}
