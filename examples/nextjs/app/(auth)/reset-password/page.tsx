import type { Metadata } from "next";
import { Suspense } from "react";
import { ResetForm } from "./form";

export const metadata: Metadata = { title: "Choose a new password", referrer: "no-referrer" };

export default function ResetPassword({ searchParams }: PageProps<"/reset-password">) {
  return (
    <>
      <h1>Choose a new password</h1>
      <Suspense fallback={<p className="soft">One moment…</p>}>
        <WithToken searchParams={searchParams} />
      </Suspense>
    </>
  );
}

async function WithToken({ searchParams }: Pick<PageProps<"/reset-password">, "searchParams">) {
  const { token } = await searchParams;
  return <ResetForm token={typeof token === "string" ? token : ""} />;
}
