"use client";

import type { Phone, Result } from "@doorward/next/client";
import { useState } from "react";
import { CodeForm } from "@/components/code-form";
import { Field, Form } from "@/components/form";

type Verified = Phone & { backup_codes?: string[] | null };

interface Props {
  phone: Phone;
  /** Whether codes are sent at all. */
  bySms: boolean;
  isPending: boolean;
  add: (number: string) => Promise<Result<undefined>>;
  verify: (code: string) => Promise<Result<Verified>>;
  verified: (phone: Verified) => void;
  remove: () => void;
}

/** A number for codes by SMS, as a second factor. */
export function PhoneNumber({ phone, bySms, isPending, add, verify, verified, remove }: Props) {
  const { phone_number: number, pending_phone_number: pending } = phone;
  // A number that waits for its code, and was given up for another.
  const [mistyped, setMistyped] = useState<string>();
  const form = (
    <Form
      label="Send me a code"
      busy="Sending…"
      quiet
      submit={({ phone_number = "" }) => add(phone_number)}
      done={() => setMistyped(undefined)}
    >
      {(error) => (
        <Field
          name="phone_number"
          label="Phone number"
          type="tel"
          autoComplete="tel"
          hint="With its country code, such as +43 664 1234567."
          error={error}
        />
      )}
    </Form>
  );
  return (
    <section className="card" aria-labelledby="phone-heading">
      <h2 id="phone-heading">Phone number {number && <span className="badge">on</span>}</h2>
      {number && (
        <p>
          {bySms ? "When you sign in, a code by SMS goes to " : "No codes are sent by SMS any more. Your number is "}
          <strong>{number}</strong>.
        </p>
      )}
      {bySms && pending && pending !== mistyped ? (
        <CodeForm
          label="Verify the number"
          busy="Verifying…"
          submit={verify}
          sendAgain={() => add(pending)}
          done={verified}
          aside={
            <button className="link" type="button" onClick={() => setMistyped(pending)}>
              Use another number
            </button>
          }
        >
          We sent a code to <strong>{pending}</strong>. It may take a minute.
        </CodeForm>
      ) : (
        <>
          {!number && (
            <p>
              A code by SMS, asked for when you sign in. An app or a passkey is safer, as numbers can be taken over. Nobody signs in by
              the number alone.
            </p>
          )}
          {!number && form}
          {number && (
            <div className="actions">
              {bySms && (
                <details className="ask">
                  <summary className="button">Use another number…</summary>
                  {form}
                </details>
              )}
              <details className="ask">
                <summary className="button">Remove…</summary>
                <p>No codes go to it from now on.</p>
                <button className="button danger" type="button" disabled={isPending} onClick={remove}>
                  Yes, remove the number
                </button>
              </details>
            </div>
          )}
        </>
      )}
    </section>
  );
}
