"use client";

import type { SignInAnswer } from "@doorward/next/client";
import { useSession } from "@doorward/next/react";
import { useState } from "react";
import { Field, Form } from "./form";

interface Props {
  email: string;
  done: (answer: SignInAnswer | { status: "verified" }) => void;
}

/** The code of a mail that was just sent. */
export function CodeForm({ email, done }: Props) {
  const { client } = useSession();
  const [sentAgain, setSentAgain] = useState(false);
  return (
    <>
      <p className="notice">
        We sent a mail to <strong>{email}</strong>. It may take a minute. Type its code, or follow its link.
      </p>
      <Form
        label="Verify"
        busy="Verifying…"
        submit={({ code = "" }) => client.verify({ email, code: code.replace(/\s/g, "") })}
        done={done}
      >
        {(error) => (
          <Field name="code" label="Six-digit code" autoComplete="one-time-code" inputMode="numeric" error={error} />
        )}
      </Form>
      <p className="aside">
        <button
          className="link"
          type="button"
          disabled={sentAgain}
          onClick={async () => setSentAgain((await client.resendVerification({ email })).ok)}
        >
          {sentAgain ? "Sent again" : "Send it again"}
        </button>
      </p>
    </>
  );
}
