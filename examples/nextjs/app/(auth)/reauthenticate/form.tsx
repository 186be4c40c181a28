"use client";

import { safeRedirect, type Factors, type Passkey } from "@doorward/next/client";
import { useSession } from "@doorward/next/react";
import Link from "next/link";
import { useEffect, useState } from "react";
import { Field, Form } from "@/components/form";
import { SecondFactor } from "@/components/second-factor";
import { leaveFor } from "@/lib/leave-for";

interface Props {
  redirectTo: string | undefined;
  /** The gate asks for two factors. */
  needsTwo: boolean;
}

/** By what the account has: a second factor, where there is one, else the password. */
export function ReauthenticateForm({ redirectTo, needsTwo }: Props) {
  const { client } = useSession();
  const [factors, setFactors] = useState<Factors>();
  const [hasPasskey, setHasPasskey] = useState(false);
  const [trouble, setTrouble] = useState<string>();
  const done = () => leaveFor(safeRedirect(redirectTo, "/dashboard"));

  useEffect(() => {
    void client.call<Factors>("GET", "/v1/me/factors").then(({ data, error }) => {
      setFactors(data);
      setTrouble(error?.detail);
    });
    void client.call<{ items: Passkey[] }>("GET", "/v1/me/passkeys").then(({ data }) => setHasPasskey(Boolean(data?.items.length)));
  }, [client]);

  if (trouble) return <p className="alert">{trouble}</p>;
  if (!factors) return <p className="soft">One moment…</p>;
  if (factors.mfa_enabled) {
    // The list says `backup_codes`, and a confirmation is by one `backup_code`.
    const methods = factors.items.map(({ type }) => (type === "backup_codes" ? "backup_code" : type));
    return (
      <SecondFactor
        methods={methods}
        submit={(method, code) => client.reauthenticate({ method, code })}
        sendSms={() => client.phone.sendCode()}
        passkey={hasPasskey ? () => client.passkey.reauthenticate() : undefined}
        done={done}
      />
    );
  }
  if (needsTwo) {
    const back = redirectTo ? `?redirect_to=${encodeURIComponent(redirectTo)}` : "";
    return (
      <>
        <p>What you asked for needs a sign-in with two factors, and your account has one.</p>
        <p className="actions">
          <Link className="button primary" href={`/dashboard/settings/two-factor${back}`}>
            Set up a second factor
          </Link>
        </p>
      </>
    );
  }
  return (
    <>
      <Form label="Confirm" busy="Confirming…" submit={({ password = "" }) => client.reauthenticate({ password })} done={done}>
        {(error) => (
          <>
            <p>What you asked for is sensitive, and your last sign-in was a while ago.</p>
            <Field name="password" label="Password" type="password" autoComplete="current-password" error={error} />
          </>
        )}
      </Form>
      {hasPasskey && (
        <div className="other-way">
          <Form label="Use a passkey" busy="Waiting for your passkey…" quiet submit={() => client.passkey.reauthenticate()} done={done}>
            {null}
          </Form>
        </div>
      )}
    </>
  );
}
