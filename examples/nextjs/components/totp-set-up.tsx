"use client";

import type { Result, TotpSetUp as App } from "@doorward/next/client";
import { Field, Form } from "./form";

interface Props<T> {
  app: App;
  submit: (code: string) => Promise<Result<T>>;
  done: (data: T) => void;
}

/** Leads through the set-up of an authenticator app. */
export function TotpSetUp<T>({ app, submit, done }: Props<T>) {
  return (
    <>
      <ol className="steps">
        <li>Open an authenticator app on your phone: any that makes six-digit codes will do.</li>
        <li>
          Scan this picture with it. On the phone itself, <a href={app.otpauth_uri}>open the app</a> instead.
          {/* As an image: whatever it holds, no script in it runs. */}
          <img
            className="qr"
            src={`data:image/svg+xml,${encodeURIComponent(app.qr_svg)}`}
            alt="Picture to scan with an authenticator app"
            width={200}
            height={200}
          />
          <details>
            <summary>Can’t scan it? Type the secret</summary>
            <p>
              <code className="secret">{app.secret.match(/.{1,4}/g)?.join(" ")}</code>
            </p>
          </details>
        </li>
        <li>Type the code that the app shows now.</li>
      </ol>
      <Form label="Confirm" busy="Confirming…" submit={({ code = "" }) => submit(code.replace(/\s/g, ""))} done={done}>
        {(error) => (
          <Field name="code" label="Code of the app" autoComplete="one-time-code" inputMode="numeric" error={error} />
        )}
      </Form>
    </>
  );
}
