"use client";

import { useSession } from "@doorward/next/react";
import Link from "next/link";
import { useEffect, useState } from "react";
import { CodeForm } from "@/components/code-form";
import { Field, Form } from "@/components/form";
import { useGoOn } from "@/components/go-on";
import { forgetMailSignIn, keepMailSignIn, mailSignIn, type MailSignIn } from "@/lib/mail-sign-in";

export function SignInByMail({ redirectTo }: { redirectTo: string | undefined }) {
  const { client } = useSession();
  const goOn = useGoOn(redirectTo);
  const [asked, setAsked] = useState<MailSignIn | null>();
  // Only the browser knows, also after the page was loaded anew.
  useEffect(() => setAsked(mailSignIn()), []);

  const ask = async (email: string, remember: boolean) => {
    const result = await client.emailSignIn.start({ email, remember });
    if (result.ok) {
      const mail = { email, remember, redirectTo, until: Date.now() + result.data.expires_in * 1000 };
      keepMailSignIn(mail);
      setAsked(mail);
    }
    return result;
  };
  if (asked === undefined) return <p className="soft">One moment…</p>;
  if (asked) {
    const { email, remember } = asked;
    return (
      <CodeForm
        label="Sign in"
        busy="Signing in…"
        submit={(code) => client.emailSignIn.verify({ email, code })}
        sendAgain={() => ask(email, remember)}
        done={(answer) => {
          forgetMailSignIn();
          goOn(answer);
        }}
        aside={
          <button
            className="link"
            type="button"
            onClick={() => {
              forgetMailSignIn();
              setAsked(null);
            }}
          >
            Use another address
          </button>
        }
      >
        If <strong>{email}</strong> has an account, a mail is on its way. It may take a minute. Follow its link in this browser, or
        type its code here.
      </CodeForm>
    );
  }
  return (
    <>
      <Form
        label="Send me a mail"
        busy="Sending…"
        submit={({ email = "", remember }) => ask(email, remember === "on")}
      >
        {(error) => (
          <>
            <p>We send a link and a code to the address of your account. Either signs you in here, without a password.</p>
            <Field name="email" label="E-mail address" type="email" autoComplete="username" error={error} />
            <label className="check">
              <input type="checkbox" name="remember" /> Keep me signed in on this device
            </label>
          </>
        )}
      </Form>
      <p className="aside">
        <Link href={`/sign-in${redirectTo ? `?redirect_to=${encodeURIComponent(redirectTo)}` : ""}`}>Use the password</Link>
      </p>
    </>
  );
}
