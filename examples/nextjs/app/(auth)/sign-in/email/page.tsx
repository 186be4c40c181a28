import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { Suspense } from "react";
import { offersMail } from "@/lib/offers";
import { SignInByMail } from "./form";

export const metadata: Metadata = { title: "Sign in by mail" };

export default function Page({ searchParams }: PageProps<"/sign-in/email">) {
  return (
    <>
      <h1>Sign in by mail</h1>
      <Suspense fallback={<p className="soft">One moment…</p>}>
        <WithQuery searchParams={searchParams} />
      </Suspense>
    </>
  );
}

async function WithQuery({ searchParams }: Pick<PageProps<"/sign-in/email">, "searchParams">) {
  const { redirect_to } = await searchParams;
  if (!offersMail()) notFound();
  return <SignInByMail redirectTo={typeof redirect_to === "string" ? redirect_to : undefined} />;
}
