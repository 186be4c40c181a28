"use client";

import { useSession } from "@doorward/next/react";
import { useRouter } from "next/navigation";
import { Field, Form } from "@/components/form";

export function ResetForm({ token }: { token: string }) {
  const { client } = useSession();
  const router = useRouter();
  return (
    <Form
      label="Change the password"
      busy="Changing…"
      submit={({ new_password = "" }) => client.resetPassword({ token, new_password })}
      done={() => router.push("/sign-in?notice=password_reset")}
    >
      {(error) => (
        <>
          <p>You will be signed out everywhere.</p>
          <Field
            name="new_password"
            label="New password"
            type="password"
            autoComplete="new-password"
            hint="At least 8 characters, and not one that is easily guessed."
            error={error}
          />
        </>
      )}
    </Form>
  );
}
