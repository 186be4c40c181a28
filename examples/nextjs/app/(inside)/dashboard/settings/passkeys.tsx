"use client";

import type { Passkey, Result } from "@doorward/next/client";
import { useSession } from "@doorward/next/react";
import { useRouter } from "next/navigation";
import { useCallback, useEffect, useState, useTransition } from "react";
import { useKnowsPasskeys } from "@/lib/use-passkeys";

export function Passkeys() {
  const { client } = useSession();
  const router = useRouter();
  const [items, setItems] = useState<Passkey[]>();
  const [trouble, setTrouble] = useState<string>();
  const [isPending, start] = useTransition();
  const knows = useKnowsPasskeys();

  const load = useCallback(async () => {
    const { data, error } = await client.call<{ items: Passkey[] }>("GET", "/v1/me/passkeys?limit=100");
    if (data) setItems(data.items);
    setTrouble(error?.detail);
  }, [client]);
  useEffect(() => void load(), [load]);

  const act = (ask: () => Promise<Result<unknown>>) =>
    start(async () => {
      const { ok, error } = await ask();
      if (error?.code === "reauthentication_required") router.push("/reauthenticate?redirect_to=%2Fdashboard%2Fsettings");
      else if (ok) await load();
      else setTrouble(error?.detail);
    });
  return (
    <section className="card" aria-labelledby="passkeys-heading">
      <h2 id="passkeys-heading">Passkeys</h2>
      <p>Sign in with your finger, your face or a PIN, in place of the password.</p>
      <div role="alert">{trouble && <p className="alert">{trouble}</p>}</div>
      <ul className="sessions">
        {items?.map((passkey) => (
          <li key={passkey.id}>
            <p>
              <strong>{passkey.name}</strong>
              <br />
              <span className="soft">
                added <time dateTime={passkey.created_at}>{new Date(passkey.created_at).toLocaleDateString()}</time>
                {passkey.last_used_at && (
                  <>
                    , last used <time dateTime={passkey.last_used_at}>{new Date(passkey.last_used_at).toLocaleString()}</time>
                  </>
                )}
              </span>
            </p>
            <button
              className="button small"
              type="button"
              disabled={isPending}
              aria-label={`Remove ${passkey.name}`}
              onClick={() => act(() => client.call("DELETE", `/v1/me/passkeys/${passkey.id}`))}
            >
              Remove
            </button>
          </li>
        ))}
      </ul>
      {knows && (
        <button className="button" type="button" disabled={isPending} onClick={() => act(() => client.passkey.add())}>
          {isPending ? "One moment…" : "Add a passkey"}
        </button>
      )}
    </section>
  );
}
