import type { Metadata } from "next";
import { SignUpForm } from "./form";

export const metadata: Metadata = { title: "Create an account" };

export default async function SignUp({ searchParams }: PageProps<"/sign-up">) {
  const { redirect_to } = await searchParams;
  return (
    <>
      <h1>Create an account</h1>
      <SignUpForm redirectTo={typeof redirect_to === "string" ? redirect_to : undefined} />
    </>
  );
}
