"use client";

import type { EnrolledAnswer, EnrolmentRequiredAnswer, TotpSetUp as App } from "@doorward/next/client";
import { useSession } from "@doorward/next/react";
import { useEffect, useState, type ReactNode } from "react";
import { BackupCodes } from "@/components/backup-codes";
import { Form } from "@/components/form";
import { TotpSetUp } from "@/components/totp-set-up";
import { forgetPendingSignIn } from "@/lib/pending-sign-in";
import { useKnowsPasskeys } from "@/lib/use-passkeys";

interface Props {
  pending: EnrolmentRequiredAnswer;
  done: () => void;
  anew: ReactNode;
}

/** The account needs a second factor and has none: it is set up on the way in. */
export function Enrolment({ pending: { mfa_token, methods }, done, anew }: Props) {
  const { client } = useSession();
  const [app, setApp] = useState<App>();
  const [codes, setCodes] = useState<string[]>();
  const [trouble, setTrouble] = useState<string>();
  const byPasskey = useKnowsPasskeys() && methods.includes("passkey");

  useEffect(() => {
    void client.enrolment.start({ mfa_token }).then(({ data, error }) => {
      setApp(data);
      setTrouble(error?.detail);
    });
  }, [client, mfa_token]);

  const enrolled = ({ backup_codes }: EnrolledAnswer) => {
    forgetPendingSignIn();
    if (backup_codes) setCodes(backup_codes);
    else done();
  };
  if (codes) return <BackupCodes codes={codes} kept={done} />;
  return (
    <>
      <div role="alert">{trouble && <p className="alert">{trouble}</p>}</div>
      {app ? (
        <>
          <p>
            Your account needs a second factor: beside the password, a code from your phone{byPasskey && " or a passkey"}. It takes
            a minute.
          </p>
          <TotpSetUp app={app} submit={(code) => client.enrolment.confirm({ mfa_token, code })} done={enrolled} />
          {byPasskey && (
            <div className="other-way">
              <Form
                label="Make a passkey instead"
                busy="Waiting for your passkey…"
                quiet
                submit={() => client.enrolment.passkey({ mfa_token })}
                done={enrolled}
              >
                {null}
              </Form>
            </div>
          )}
        </>
      ) : (
        !trouble && <p className="soft">One moment…</p>
      )}
      <p className="aside">{anew}</p>
    </>
  );
}
