"use client";

import type { Result } from "@doorward/next/client";
import { useState, type ReactNode } from "react";
import { Field, Form } from "./form";

export type Method = "totp" | "backup_code";

interface Props<T> {
  /** What the account has. */
  methods: readonly string[];
  submit: (method: Method, code: string, values: Record<string, string>) => Promise<Result<T>>;
  /** Where the account has one. */
  passkey?: (() => Promise<Result<T>>) | undefined;
  done: (data: T) => void;
  /** What else the form asks. */
  children?: ReactNode;
  /** What else there is to do. */
  aside?: ReactNode;
}

/** Asks for a code of the authenticator app, or for a backup code. */
export function SecondFactor<T>({ methods, submit, passkey, done, children, aside }: Props<T>) {
  const [method, setMethod] = useState<Method>(methods.includes("totp") ? "totp" : "backup_code");
  const other = method === "totp" ? "backup_code" : "totp";
  const hasCode = methods.includes(method);
  const byPasskey = passkey && (
    <Form label="Use a passkey" busy="Waiting for your passkey…" quiet={hasCode} submit={passkey} done={done}>
      {null}
    </Form>
  );
  if (!hasCode) {
    return (
      <>
        {byPasskey}
        <p className="aside">{aside}</p>
      </>
    );
  }
  return (
    <>
      <Form
        key={method}
        label="Confirm"
        busy="Confirming…"
        submit={({ code = "", ...values }) => submit(method, code.replace(/\s/g, ""), values)}
        done={done}
      >
        {(error) => (
          <>
            {method === "totp" ? (
              <>
                <p>Open your authenticator app and type the code that it shows.</p>
                <Field name="code" label="Code of the app" autoComplete="one-time-code" inputMode="numeric" autoFocus error={error} />
              </>
            ) : (
              <>
                <p>Type one of the codes that you kept. Each works once.</p>
                <Field name="code" label="Backup code" autoComplete="off" autoFocus error={error} />
              </>
            )}
            {children}
          </>
        )}
      </Form>
      {byPasskey && <div className="passkey">{byPasskey}</div>}
      <p className="aside">
        {methods.includes(other) && (
          <button className="link" type="button" onClick={() => setMethod(other)}>
            {other === "totp" ? "Use the authenticator app" : "Use a backup code"}
          </button>
        )}
        {aside}
      </p>
    </>
  );
}
