"use client";

import { safeRedirect } from "@doorward/next/client";
import { useSession } from "@doorward/next/react";
import Link from "next/link";
import { useEffect, useState } from "react";
import { VerifyByCode } from "@/components/code-form";
import { Field, Form } from "@/components/form";
import { useGoOn } from "@/components/go-on";
import { leaveFor } from "@/lib/leave-for";

interface Props {
  token: string | undefined;
  /** Of who is signed in. */
  email: string | undefined;
  /** It is verified: by the mail's link in another tab, say, after which this one asked anew. */
  isVerified: boolean;
  redirectTo: string | undefined;
}

export function VerifyEmail({ token, email, isVerified, redirectTo }: Props) {
  const { client } = useSession();
  const [needsPassword, setNeedsPassword] = useState(false);
  const [isSent, setSent] = useState(false);
  const done = useGoOn(redirectTo);
  const isDone = isVerified && !token;

  useEffect(() => {
    if (isDone) leaveFor(safeRedirect(redirectTo, "/dashboard"));
  }, [isDone, redirectTo]);

  if (isDone) return <p className="soft">One moment…</p>;
  if (token) {
    return (
      // A button, so that a mail scanner that follows the link uses nothing up.
      <Form
        label="Verify my address"
        busy="Verifying…"
        submit={async ({ password }) => {
          const result = await client.verify({ token, ...(password && { password }) });
          // Opened in another browser than the sign-up's: whoever signed up knows the password.
          if (result.error?.fields["password"]) setNeedsPassword(true);
          return result;
        }}
        done={done}
      >
        {(error) => (
          <>
            <p>You are one click away.</p>
            {needsPassword && (
              <Field
                name="password"
                label="The password that you chose"
                type="password"
                autoComplete="current-password"
                error={error}
              />
            )}
          </>
        )}
      </Form>
    );
  }
  if (email && isSent) return <VerifyByCode email={email} done={done} />;
  if (email) {
    return (
      <Form
        label="Send me a code"
        busy="Sending…"
        submit={() => client.resendVerification({ email })}
        done={() => setSent(true)}
      >
        <p>
          This needs a verified address. We send a code to <strong>{email}</strong>.
        </p>
      </Form>
    );
  }
  return (
    <p>
      Open the link of the newest mail that we sent you, or <Link href="/sign-in">sign in</Link>.
    </p>
  );
}
