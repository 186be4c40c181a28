import type { Metadata } from "next";
import { Suspense } from "react";
import { SecondStep } from "./steps";

export const metadata: Metadata = { title: "One more step" };

/** None of the proxy's `authPages`: whoever is signed in by the set-up still has backup codes to keep. */
export default function Page({ searchParams }: PageProps<"/second-step">) {
  return (
    <>
      <h1>One more step</h1>
      <Suspense fallback={<p className="soft">One moment…</p>}>
        <WithQuery searchParams={searchParams} />
      </Suspense>
    </>
  );
}

async function WithQuery({ searchParams }: Pick<PageProps<"/second-step">, "searchParams">) {
  const { redirect_to } = await searchParams;
  return <SecondStep redirectTo={typeof redirect_to === "string" ? redirect_to : undefined} />;
}
