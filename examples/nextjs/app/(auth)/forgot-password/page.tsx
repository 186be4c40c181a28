import type { Metadata } from "next";
import { ForgotForm } from "./form";

export const metadata: Metadata = { title: "Forgot your password?" };

export default function ForgotPassword() {
  return (
    <>
      <h1>Forgot your password?</h1>
      <ForgotForm />
    </>
  );
}
