"use client";

import { useSession } from "@doorward/next/react";
import Link from "next/link";
import { Field, Form } from "@/components/form";
import { useGoOn } from "@/components/go-on";
import { PasskeySignIn } from "./passkey";

export function SignInForm({ redirectTo, byMail }: { redirectTo: string | undefined; byMail: boolean }) {
  const { client } = useSession();
  const goOn = useGoOn(redirectTo);
  const query = redirectTo ? `?redirect_to=${encodeURIComponent(redirectTo)}` : "";
  return (
    <>
      <Form
        label="Sign in"
        busy="Signing in…"
        submit={({ identifier = "", password = "", remember }) =>
          client.signIn({ identifier, password, remember: remember === "on" })
        }
        done={goOn}
      >
        {(error) => (
          <>
            <Field name="identifier" label="E-mail address or username" autoComplete="username webauthn" error={error} />
            <Field name="password" label="Password" type="password" autoComplete="current-password" error={error} />
            <label className="check">
              <input type="checkbox" name="remember" /> Keep me signed in on this device
            </label>
          </>
        )}
      </Form>
      <PasskeySignIn done={goOn} />
      {byMail && (
        <p className="other-way">
          <Link className="button" href={`/sign-in/email${query}`}>
            Sign in by mail
          </Link>
        </p>
      )}
      <p className="aside">
        <Link href="/forgot-password">Forgot your password?</Link>
        <Link href={`/sign-up${query}`}>Create an account</Link>
      </p>
    </>
  );
}
