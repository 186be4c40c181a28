import type { Metadata } from "next";
import { ResetForm } from "./form";

export const metadata: Metadata = { title: "Choose a new password", referrer: "no-referrer" };

export default async function ResetPassword({ searchParams }: PageProps<"/reset-password">) {
  const { token } = await searchParams;
  return (
    <>
      <h1>Choose a new password</h1>
      <ResetForm token={typeof token === "string" ? token : ""} />
    </>
  );
}
