"use client";

import type { Passkey, Result } from "@doorward/next/client";
import { useSession } from "@doorward/next/react";
import { useCallback, useEffect, useState, useTransition } from "react";
import { Field, Form } from "@/components/form";
import { useConfirmFirst } from "@/lib/use-confirm-first";
import { useKnowsPasskeys } from "@/lib/use-passkeys";

export function Passkeys() {
  const { client } = useSession();
  const confirmFirst = useConfirmFirst("/dashboard/settings");
  const [items, setItems] = useState<Passkey[]>();
  const [trouble, setTrouble] = useState<string>();
  const [isPending, start] = useTransition();
  const knows = useKnowsPasskeys();

  const load = useCallback(async () => {
    // Also tells the password manager of this device which passkeys are still good, as does a removal.
    const { data, error } = await client.passkey.list();
    if (data) setItems(data);
    setTrouble(error?.detail);
  }, [client]);
  useEffect(() => void load(), [load]);

  const act = (ask: () => Promise<Result<unknown>>) =>
    start(async () => {
      const { ok, error } = await ask();
      if (confirmFirst(error)) return;
      if (ok) await load();
      else setTrouble(error?.detail);
    });
  return (
    <section className="card" aria-labelledby="passkeys-heading">
      <h2 id="passkeys-heading">Passkeys</h2>
      <p>Sign in with your finger, your face or a PIN, in place of the password.</p>
      <div role="alert">{trouble && <p className="alert">{trouble}</p>}</div>
      <ul className="sessions">
        {items?.map((passkey) => (
          <Item
            key={passkey.id}
            passkey={passkey}
            isPending={isPending}
            rename={async (name) => {
              const result = await client.call<Passkey>("PATCH", `/v1/me/passkeys/${passkey.id}`, { name });
              if (result.ok) await load();
              return result;
            }}
            remove={() => act(() => client.passkey.remove(passkey.id))}
          />
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

interface ItemProps {
  passkey: Passkey;
  isPending: boolean;
  rename: (name: string) => Promise<Result<Passkey>>;
  remove: () => void;
}

function Item({ passkey, isPending, rename, remove }: ItemProps) {
  const [isNamed, setNamed] = useState(true);
  if (!isNamed) {
    return (
      <li className="rename">
        <Form label="Save the name" busy="Saving…" submit={({ name = "" }) => rename(name)} done={() => setNamed(true)}>
          {(error) => (
            <Field name="name" label="Name of this passkey" autoComplete="off" defaultValue={passkey.name} autoFocus error={error} />
          )}
        </Form>
        <button className="link" type="button" onClick={() => setNamed(true)}>
          Leave it as it is
        </button>
      </li>
    );
  }
  return (
    <li>
      <p>
        <strong>{passkey.name}</strong>
        <br />
        <span className="soft">
          {where(passkey)}
          <br />
          added <time dateTime={passkey.created_at}>{new Date(passkey.created_at).toLocaleDateString()}</time>
          {passkey.last_used_at && (
            <>
              , last used <time dateTime={passkey.last_used_at}>{new Date(passkey.last_used_at).toLocaleString()}</time>
            </>
          )}
        </span>
      </p>
      <div className="actions">
        <button className="button small" type="button" aria-label={`Rename ${passkey.name}`} onClick={() => setNamed(false)}>
          Rename
        </button>
        <button className="button small" type="button" disabled={isPending} aria-label={`Remove ${passkey.name}`} onClick={remove}>
          Remove
        </button>
      </div>
    </li>
  );
}

/** What keeps it, and where else it is. */
function where({ name, provider, backed_up }: Passkey): string {
  const reach = backed_up ? "synced to your devices" : "on one device alone";
  return provider && provider !== name ? `${provider}, ${reach}` : reach;
}
