"use client";

import type { Result, SignInAnswer } from "@doorward/next/client";
import { useSession } from "@doorward/next/react";
import { useState, type ReactNode } from "react";
import { Field, Form } from "./form";

interface Props<T> {
  label: string;
  busy: string;
  submit: (code: string) => Promise<Result<T>>;
  sendAgain: () => Promise<Result<unknown>>;
  done: (data: T) => void;
  /** Where the code was sent. */
  children: ReactNode;
  /** What else there is to do. */
  aside?: ReactNode;
}

/** Asks for a code that was just sent. */
export function CodeForm<T>({ label, busy, submit, sendAgain, done, children, aside }: Props<T>) {
  const [sentAgain, setSentAgain] = useState(false);
  const [trouble, setTrouble] = useState<string>();
  const send = async () => {
    const { ok, error } = await sendAgain();
    setSentAgain(ok);
    setTrouble(error?.detail);
  };
  return (
    <>
      <p className="notice">{children}</p>
      <Form label={label} busy={busy} submit={({ code = "" }) => submit(code.replace(/\s/g, ""))} done={done}>
        {(error) => (
          <Field name="code" label="Six-digit code" autoComplete="one-time-code" inputMode="numeric" error={error} />
        )}
      </Form>
      <p className="aside">
        <button className="link" type="button" disabled={sentAgain} onClick={() => void send()}>
          {sentAgain ? "Sent again" : "Send it again"}
        </button>
        {aside}
      </p>
      <div role="alert">{trouble && <p className="alert">{trouble}</p>}</div>
    </>
  );
}

interface VerifyProps {
  email: string;
  done: (answer: SignInAnswer | { status: "verified" }) => void;
}

/** The code of the mail that verifies an address. */
export function VerifyByCode({ email, done }: VerifyProps) {
  const { client } = useSession();
  return (
    <CodeForm
      label="Verify"
      busy="Verifying…"
      submit={(code) => client.verify({ email, code })}
      sendAgain={() => client.resendVerification({ email })}
      done={done}
    >
      We sent a mail to <strong>{email}</strong>. It may take a minute. Type its code, or follow its link.
    </CodeForm>
  );
}
