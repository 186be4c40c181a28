import type { Metadata } from "next";
import { Suspense } from "react";
import { SignInByLink } from "./form";

export const metadata: Metadata = { title: "Sign in by mail", referrer: "no-referrer" };

/** Where the mail leads to. None of the proxy's `authPages`: whoever is signed in here may have asked for it elsewhere. */
export default function Page({ searchParams }: PageProps<"/sign-in/link">) {
  return (
    <>
      <h1>Sign in by mail</h1>
      <Suspense fallback={<p className="soft">One moment…</p>}>
        <WithToken searchParams={searchParams} />
      </Suspense>
    </>
  );
}

async function WithToken({ searchParams }: Pick<PageProps<"/sign-in/link">, "searchParams">) {
  const { token } = await searchParams;
  return <SignInByLink token={typeof token === "string" ? token : ""} />;
}
