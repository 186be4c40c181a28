"use client";

import type { Result } from "@doorward/next/client";
import { useState, type ReactNode } from "react";
import { Field, Form } from "./form";

export type Method = "totp" | "sms" | "backup_code";

/** Each way to type a code: what leads to it, and what is asked. */
const WAYS = {
  totp: {
    link: "Use the authenticator app",
    ask: "Open your authenticator app and type the code that it shows.",
    label: "Code of the app",
    field: { autoComplete: "one-time-code", inputMode: "numeric" },
  },
  sms: {
    link: "Get a code by SMS",
    ask: "We sent a code to your phone. It may take a minute.",
    label: "Code of the SMS",
    field: { autoComplete: "one-time-code", inputMode: "numeric" },
  },
  backup_code: {
    link: "Use a backup code",
    ask: "Type one of the codes that you kept. Each works once.",
    label: "Backup code",
    field: { autoComplete: "off" },
  },
} as const;
const ALL = Object.keys(WAYS) as Method[];

interface Props<T> {
  /** What the account has. */
  methods: readonly string[];
  submit: (method: Method, code: string, values: Record<string, string>) => Promise<Result<T>>;
  sendSms: () => Promise<Result<unknown>>;
  /** Where the account has one. */
  passkey?: (() => Promise<Result<T>>) | undefined;
  done: (data: T) => void;
  /** What else the form asks. */
  children?: ReactNode;
  /** What else there is to do. */
  aside?: ReactNode;
}

/** Asks for a code of the authenticator app, for one that was sent by SMS, or for a backup code; or for a passkey. */
export function SecondFactor<T>({ methods, submit, sendSms, passkey, done, children, aside }: Props<T>) {
  const ways = ALL.filter((way) => methods.includes(way));
  const [method, setMethod] = useState(ways[0]);
  const [isSent, setSent] = useState(false);
  const byPasskey = passkey && (
    <Form label="Use a passkey" busy="Waiting for your passkey…" quiet={Boolean(method)} submit={passkey} done={done}>
      {null}
    </Form>
  );
  if (!method) {
    return (
      <>
        {byPasskey}
        <p className="aside">{aside}</p>
      </>
    );
  }
  const { ask, label, field } = WAYS[method];
  return (
    <>
      {method === "sms" && !isSent ? (
        <Form label="Send me a code" busy="Sending…" submit={sendSms} done={() => setSent(true)}>
          <p>We send a code to your phone, to be typed here.</p>
        </Form>
      ) : (
        <Form
          key={method}
          label="Confirm"
          busy="Confirming…"
          submit={({ code = "", ...values }) => submit(method, code.replace(/\s/g, ""), values)}
          done={done}
        >
          {(error) => (
            <>
              <p>{ask}</p>
              <Field name="code" label={label} {...field} autoFocus error={error} />
              {children}
            </>
          )}
        </Form>
      )}
      {byPasskey && <div className="other-way">{byPasskey}</div>}
      <p className="aside">
        {method === "sms" && isSent && (
          <button className="link" type="button" onClick={() => setSent(false)}>
            Send another code
          </button>
        )}
        {ways
          .filter((way) => way !== method)
          .map((way) => (
            <button key={way} className="link" type="button" onClick={() => setMethod(way)}>
              {WAYS[way].link}
            </button>
          ))}
        {aside}
      </p>
    </>
  );
}
