"use client";

import { safeRedirect, type Factors, type Phone, type Result, type TotpSetUp as App } from "@doorward/next/client";
import { useSession } from "@doorward/next/react";
import { useCallback, useEffect, useState, useTransition } from "react";
import { BackupCodes } from "@/components/backup-codes";
import { TotpSetUp } from "@/components/totp-set-up";
import { leaveFor } from "@/lib/leave-for";
import { useConfirmFirst } from "@/lib/use-confirm-first";
import { PasskeySecond } from "./passkey-second";
import { PhoneNumber } from "./phone-number";

const HERE = "/dashboard/settings/two-factor";

/** What changes a second factor asks for a proof of the last ten minutes. */
export function TwoFactor({ redirectTo }: { redirectTo: string | undefined }) {
  const { client } = useSession();
  const confirmFirst = useConfirmFirst(redirectTo ? `${HERE}?redirect_to=${encodeURIComponent(redirectTo)}` : HERE);
  const [factors, setFactors] = useState<Factors>();
  const [phone, setPhone] = useState<Phone>();
  const [app, setApp] = useState<App>();
  const [codes, setCodes] = useState<string[]>();
  const [trouble, setTrouble] = useState<string>();
  const [isPending, start] = useTransition();

  const load = useCallback(async () => {
    for (let tries = 1; ; tries++) {
      const [all, number] = await Promise.all([
        client.call<Factors>("GET", "/v1/me/factors"),
        client.call<Phone>("GET", "/v1/me/phone"),
      ]);
      const error = all.error ?? number.error;
      if (!error) {
        setFactors(all.data);
        setPhone(number.data);
      }
      setTrouble(error?.detail);
      // Nothing can be done on this page before it knows, so a moment's trouble is waited out.
      if (!error || tries === 3) return;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }, [client]);
  useEffect(() => void load(), [load]);

  const act = <T,>(ask: () => Promise<Result<T>>, then: (data: T) => unknown) =>
    start(async () => {
      const { ok, data, error } = await ask();
      if (confirmFirst(error)) return;
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

  const bySms = factors?.available.includes("sms") ?? false;
  const totp = factors?.items.find(({ type }) => type === "totp");
  const hasPasskey = factors?.items.some(({ type }) => type === "passkey");
  const hasOther = factors?.items.some(({ type }) => type === "sms") || (hasPasskey && factors?.passkey_second_factor);
  const kept = factors?.items.find(({ type }) => type === "backup_codes");
  const choose = (passkey_second_factor: boolean) =>
    act(
      () => client.call<Factors & { backup_codes?: string[] | null }>("PATCH", "/v1/me/factors", { passkey_second_factor }),
      ({ backup_codes }) => (backup_codes ? setCodes(backup_codes) : load()),
    );
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
                  <p>
                    {hasOther
                      ? "Your other second factor is asked for from now on."
                      : "Sign in with the password alone from now on? Your backup codes go as well."}
                  </p>
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
      {factors && !totp && hasPasskey && <PasskeySecond isOn={factors.passkey_second_factor} isPending={isPending} choose={choose} />}
      {phone && (bySms || phone.phone_number) && (
        <PhoneNumber
          phone={phone}
          bySms={bySms}
          isPending={isPending}
          add={async (phone_number) => {
            const result = await client.phone.add({ phone_number });
            if (!confirmFirst(result.error) && result.ok) await load();
            return result;
          }}
          verify={(code) => client.phone.verify({ code })}
          verified={({ backup_codes }) => (backup_codes ? setCodes(backup_codes) : void finish())}
          remove={() => act(() => client.call("DELETE", "/v1/me/phone"), load)}
        />
      )}
      {factors?.mfa_enabled && (
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
