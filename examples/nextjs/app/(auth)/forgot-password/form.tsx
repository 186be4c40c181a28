"use client";

import { useSession } from "@doorward/next/react";
import Link from "next/link";
import { useState } from "react";
import { Field, Form } from "@/components/form";

export function ForgotForm() {
  const { client } = useSession();
  const [sentTo, setSentTo] = useState<string>();
  if (sentTo) {
    return (
      <p className="notice">
        If <strong>{sentTo}</strong> has an account, a mail is on its way. Its link holds for a while.
      </p>
    );
  }
  return (
    <>
      <Form
        label="Send me a link"
        busy="Sending…"
        submit={async ({ email = "" }) => {
          const result = await client.forgotPassword({ email });
          if (result.ok) setSentTo(email);
          return result;
        }}
      >
        {(error) => (
          <Field name="email" label="E-mail address" type="email" autoComplete="email" error={error} />
        )}
      </Form>
      <p className="aside">
        <Link href="/sign-in">Back to sign-in</Link>
      </p>
    </>
  );
}
