"use client";

import type { TotpSetUp as App } from "@doorward/next/client";
import { useSession } from "@doorward/next/react";
import { useEffect, useState, type ReactNode } from "react";
import { BackupCodes } from "@/components/backup-codes";
import { TotpSetUp } from "@/components/totp-set-up";
import { forgetPendingSignIn } from "@/lib/pending-sign-in";

/** The account needs a second factor and has none: it is set up on the way in. */
export function Enrolment({ mfaToken, done, anew }: { mfaToken: string; done: () => void; anew: ReactNode }) {
  const { client } = useSession();
  const [app, setApp] = useState<App>();
  const [codes, setCodes] = useState<string[]>();
  const [trouble, setTrouble] = useState<string>();

  useEffect(() => {
    void client.enrolment.start({ mfa_token: mfaToken }).then(({ data, error }) => {
      setApp(data);
      setTrouble(error?.detail);
    });
  }, [client, mfaToken]);

  if (codes) return <BackupCodes codes={codes} kept={done} />;
  return (
    <>
      <div role="alert">{trouble && <p className="alert">{trouble}</p>}</div>
      {app ? (
        <>
          <p>Your account needs a second factor: beside the password, a code from your phone. It takes a minute.</p>
          <TotpSetUp
            app={app}
            submit={(code) => client.enrolment.confirm({ mfa_token: mfaToken, code })}
            done={({ backup_codes }) => {
              forgetPendingSignIn();
              if (backup_codes) setCodes(backup_codes);
              else done();
            }}
          />
        </>
      ) : (
        !trouble && <p className="soft">One moment…</p>
      )}
      <p className="aside">{anew}</p>
    </>
  );
}
