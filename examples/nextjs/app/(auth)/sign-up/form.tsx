"use client";

import { useSession } from "@doorward/next/react";
import Link from "next/link";
import { useState } from "react";
import { VerifyByCode } from "@/components/code-form";
import { Field, Form } from "@/components/form";
import { useGoOn } from "@/components/go-on";

export function SignUpForm({ redirectTo }: { redirectTo: string | undefined }) {
  const { client } = useSession();
  const [sentTo, setSentTo] = useState<string>();
  const goOn = useGoOn(redirectTo);

  if (sentTo) return <VerifyByCode email={sentTo} done={goOn} />;
  return (
    <>
      <Form
        label="Create the account"
        busy="Creating…"
        submit={async ({ email = "", password = "" }) => {
          const result = await client.signUp({ email, password });
          if (result.ok && !("status" in result.data)) setSentTo(email);
          return result;
        }}
        done={(answer) => "status" in answer && goOn(answer)}
      >
        {(error) => (
          <>
            <Field name="email" label="E-mail address" type="email" autoComplete="email" error={error} />
            <Field
              name="password"
              label="Password"
              type="password"
              autoComplete="new-password"
              hint="At least 8 characters, and not one that is easily guessed."
              error={error}
            />
          </>
        )}
      </Form>
      <p className="aside">
        <Link href="/sign-in">I have an account</Link>
      </p>
    </>
  );
}
