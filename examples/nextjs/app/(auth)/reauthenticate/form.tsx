"use client";

import { safeRedirect } from "@doorward/next/client";
import { useSession } from "@doorward/next/react";
import { useRouter } from "next/navigation";
import { Field, Form } from "@/components/form";

export function ReauthenticateForm({ redirectTo }: { redirectTo: string | undefined }) {
  const { client } = useSession();
  const router = useRouter();
  return (
    <Form
      label="Confirm"
      busy="Confirming…"
      submit={({ password = "" }) => client.call("POST", "/v1/reauthenticate", { password })}
      done={() => router.push(safeRedirect(redirectTo, "/dashboard"))}
    >
      {(error) => (
        <>
          <p>What you asked for is sensitive, and your last sign-in was a while ago.</p>
          <Field name="password" label="Password" type="password" autoComplete="current-password" error={error} />
        </>
      )}
    </Form>
  );
}
