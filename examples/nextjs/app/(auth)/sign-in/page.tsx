import type { Metadata } from "next";
import { Suspense } from "react";
import { offersMail } from "@/lib/offers";
import { SignInForm } from "./form";

export const metadata: Metadata = { title: "Sign in" };

const NOTICES: Record<string, string> = {
  signed_out: "You are signed out, in every tab.",
  password_reset: "Your password is changed. Sign in with the new one.",
  verified: "Your address is verified. Sign in.",
};

export default function SignIn({ searchParams }: PageProps<"/sign-in">) {
  return (
    <>
      <h1>Sign in</h1>
      <Suspense fallback={<p className="soft">One moment…</p>}>
        <WithQuery searchParams={searchParams} />
      </Suspense>
    </>
  );
}

async function WithQuery({ searchParams }: Pick<PageProps<"/sign-in">, "searchParams">) {
  const { redirect_to, notice } = await searchParams;
  return (
    <>
      {typeof notice === "string" && NOTICES[notice] && <p className="notice">{NOTICES[notice]}</p>}
      <SignInForm redirectTo={typeof redirect_to === "string" ? redirect_to : undefined} byMail={offersMail()} />
    </>
  );
}
