"use client";

import type { SessionDetails } from "@doorward/next/client";
import { useSession } from "@doorward/next/react";
import { useCallback, useEffect, useState } from "react";
import { SignOut } from "@/components/sign-out";

export function Sessions() {
  const { client } = useSession();
  const [items, setItems] = useState<SessionDetails[]>();
  const [trouble, setTrouble] = useState<string>();

  const load = useCallback(async () => {
    const { data, error } = await client.call<{ items: SessionDetails[] }>("GET", "/v1/me/sessions?limit=100");
    setItems(data?.items);
    setTrouble(error?.detail);
  }, [client]);
  useEffect(() => void load(), [load]);

  const end = async (id: string) => {
    const { error } = await client.call("DELETE", `/v1/me/sessions/${id}`);
    setTrouble(error?.detail);
    await load();
  };
  return (
    <section className="card" aria-labelledby="sessions-heading">
      <h2 id="sessions-heading">Where you are signed in</h2>
      <div role="alert">{trouble && <p className="alert">{trouble}</p>}</div>
      {!items && !trouble && <p className="soft">Fetching your sessions…</p>}
      <ul className="sessions">
        {items?.map((session) => (
          <li key={session.id}>
            <p>
              <strong>{session.device.name}</strong> {session.current && <span className="badge">this one</span>}
              <br />
              <span className="soft">
                {session.place ?? session.ip}, last seen{" "}
                <time dateTime={session.last_seen_at}>{new Date(session.last_seen_at).toLocaleString()}</time>
              </span>
            </p>
            {!session.current && (
              <button
                className="button small"
                type="button"
                aria-label={`End the session of ${session.device.name}`}
                onClick={() => void end(session.id)}
              >
                End it
              </button>
            )}
          </li>
        ))}
      </ul>
      <SignOut everywhere label="Sign out everywhere" />
    </section>
  );
}
