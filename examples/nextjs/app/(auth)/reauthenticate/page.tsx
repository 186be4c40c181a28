import type { Metadata } from "next";
import { requireSession } from "@/lib/auth";
import { ReauthenticateForm } from "./form";

export const metadata: Metadata = { title: "Confirm that it is you" };

export default async function Reauthenticate({ searchParams }: PageProps<"/reauthenticate">) {
  await requireSession();
  const { redirect_to } = await searchParams;
  return (
    <>
      <h1>Confirm that it is you</h1>
      <ReauthenticateForm redirectTo={typeof redirect_to === "string" ? redirect_to : undefined} />
    </>
  );
}
