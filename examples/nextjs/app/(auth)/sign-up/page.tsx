import type { Metadata } from "next";
import { Suspense } from "react";
import { SignUpForm } from "./form";

export const metadata: Metadata = { title: "Create an account" };

export default function SignUp({ searchParams }: PageProps<"/sign-up">) {
  return (
    <>
      <h1>Create an account</h1>
      <Suspense fallback={<p className="soft">One moment…</p>}>
        <WithQuery searchParams={searchParams} />
      </Suspense>
    </>
  );
}

async function WithQuery({ searchParams }: Pick<PageProps<"/sign-up">, "searchParams">) {
  const { redirect_to } = await searchParams;
  return <SignUpForm redirectTo={typeof redirect_to === "string" ? redirect_to : undefined} />;
}
