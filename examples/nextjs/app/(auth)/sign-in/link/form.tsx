"use client";

import { useSession } from "@doorward/next/react";
import Link from "next/link";
import { useEffect, useState } from "react";
import { Form } from "@/components/form";
import { useGoOn } from "@/components/go-on";
import { forgetMailSignIn, mailSignIn, type MailSignIn } from "@/lib/mail-sign-in";

/** Works in the browser that asked for the mail. Any other is told what to do. */
export function SignInByLink({ token }: { token: string }) {
  const { client } = useSession();
  const [asked, setAsked] = useState<MailSignIn | null>();
  const [refusal, setRefusal] = useState<string>();
  const goOn = useGoOn(asked?.redirectTo);
  // Only the browser knows.
  useEffect(() => setAsked(mailSignIn()), []);

  if (asked === undefined) return <p className="soft">One moment…</p>;
  const another = (
    <p className="aside">
      <Link href="/sign-in/email">Ask for a mail here</Link>
    </p>
  );
  if (refusal) {
    return (
      <>
        <div role="alert">
          <p className="alert">{refusal}</p>
        </div>
        {another}
      </>
    );
  }
  if (asked === null) {
    return (
      <>
        <p>
          This link works once, in the browser where you asked for it, and nobody is signed in by it here. You asked on another
          device, or in another browser?
        </p>
        <ol className="steps">
          <li>Go back to it. It waits for you.</li>
          <li>Type the six-digit code of the mail there.</li>
        </ol>
        <p>It was not you? Then do nothing, and give the code to nobody.</p>
        {another}
      </>
    );
  }
  return (
    <>
      <Form
        label="Sign in"
        busy="Signing in…"
        submit={async () => {
          const result = await client.emailSignIn.verify({ token });
          if (result.error?.code === "invalid_or_expired_token") setRefusal(result.error.detail);
          return result;
        }}
        done={(answer) => {
          forgetMailSignIn();
          goOn(answer);
        }}
      >
        <p>
          One click signs you in to <strong>{asked.email}</strong>.
        </p>
      </Form>
      <p className="aside soft">You did not ask for this? Close this page, and nothing happens.</p>
    </>
  );
}
