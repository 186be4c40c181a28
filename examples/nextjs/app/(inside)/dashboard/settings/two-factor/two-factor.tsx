"use client";

import { safeRedirect, type Factors, type Result, type TotpSetUp as App } from "@doorward/next/client";
import { useSession } from "@doorward/next/react";
import { useRouter } from "next/navigation";
import { useCallback, useEffect, useState, useTransition } from "react";
import { BackupCodes } from "@/components/backup-codes";
import { TotpSetUp } from "@/components/totp-set-up";
import { leaveFor } from "@/lib/leave-for";

const HERE = "/dashboard/settings/two-factor";

/** What changes a second factor asks for a proof of the last ten minutes. */
export function TwoFactor({ redirectTo }: { redirectTo: string | undefined }) {
  const { client } = useSession();
  const router = useRouter();
  const [factors, setFactors] = useState<Factors>();
  const [app, setApp] = useState<App>();
  const [codes, setCodes] = useState<string[]>();
  const [trouble, setTrouble] = useState<string>();
  const [isPending, start] = useTransition();

  const load = useCallback(async () => {
    for (let tries = 1; ; tries++) {
      const { data, error } = await client.call<Factors>("GET", "/v1/me/factors");
      if (data) setFactors(data);
      setTrouble(error?.detail);
      // Nothing can be done on this page before it knows, so a moment's trouble is waited out.
      if (data || tries === 3) return;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }, [client]);
  useEffect(() => void load(), [load]);

  const act = <T,>(ask: () => Promise<Result<T>>, then: (data: T) => unknown) =>
    start(async () => {
      const { ok, data, error } = await ask();
      if (error?.code === "reauthentication_required") {
        const back = redirectTo ? `${HERE}?redirect_to=${encodeURIComponent(redirectTo)}` : HERE;
        router.push(`/reauthenticate?redirect_to=${encodeURIComponent(back)}`);
        return;
      }
      setTrouble(error?.detail);
      if (ok) await then(data);
    });
  const finish = async () => {
    if (redirectTo) {
      leaveFor(safeRedirect(redirectTo, HERE));
      return;
    }
    setApp(undefined);
    setCodes(undefined);
    await load();
  };

  const totp = factors?.items.find(({ type }) => type === "totp");
  const kept = factors?.items.find(({ type }) => type === "backup_codes");
  const alert = <div role="alert">{trouble && <p className="alert">{trouble}</p>}</div>;
  if (codes) {
    return (
      <section className="card" aria-label="Backup codes">
        <BackupCodes codes={codes} kept={() => void finish()} />
      </section>
    );
  }
  if (app) {
    return (
      <section className="card" aria-label="Authenticator app">
        {totp && <p>The new app takes the place of the one that you have now, once a code of it is confirmed.</p>}
        <TotpSetUp
          app={app}
          submit={(code) => client.totp.confirm({ code })}
          done={({ backup_codes }) => (backup_codes ? setCodes(backup_codes) : void finish())}
        />
      </section>
    );
  }
  return (
    <>
      <section className="card" aria-labelledby="app-heading">
        <h2 id="app-heading">Authenticator app {totp && <span className="badge">on</span>}</h2>
        {alert}
        {!factors && !trouble && <p className="soft">One moment…</p>}
        {factors && (
          <>
            <p>
              {totp
                ? "Signing in asks for a code of your app."
                : "A code from your phone, asked for when you sign in. Whoever learns your password still can’t get in."}
            </p>
            <div className="actions">
              <button
                className={totp ? "button" : "button primary"}
                type="button"
                disabled={isPending}
                onClick={() => act(() => client.totp.start(), setApp)}
              >
                {totp ? "Use another app" : "Set up an authenticator app"}
              </button>
              {totp && (
                <details className="ask">
                  <summary className="button">Remove…</summary>
                  <p>Sign in with the password alone from now on? Your backup codes go as well.</p>
                  <button
                    className="button danger"
                    type="button"
                    disabled={isPending}
                    onClick={() => act(() => client.call("DELETE", "/v1/me/totp"), load)}
                  >
                    Yes, remove it
                  </button>
                </details>
              )}
            </div>
          </>
        )}
      </section>
      {totp && (
        <section className="card" aria-labelledby="backup-heading">
          <h2 id="backup-heading">Backup codes</h2>
          <p>
            {kept?.remaining
              ? `${kept.remaining} of 10 are left. Each stands in for the phone once.`
              : "None are left. Make some, so that a lost phone does not lock you out."}
          </p>
          <details className="ask">
            <summary className="button">Make new codes…</summary>
            <p>The codes that you have now stop working.</p>
            <button
              className="button"
              type="button"
              disabled={isPending}
              onClick={() => act(() => client.call<{ codes: string[] }>("POST", "/v1/me/backup-codes"), (made) => setCodes(made.codes))}
            >
              Make ten new codes
            </button>
          </details>
        </section>
      )}
    </>
  );
}
