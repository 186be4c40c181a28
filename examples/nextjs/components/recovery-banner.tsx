"use client";

import type { Factors } from "@doorward/next/client";
import { useSession } from "@doorward/next/react";
import Link from "next/link";
import { useEffect, useState } from "react";
import { Form } from "./form";

/** While somebody says that the second factor of this account is lost: what to do about it. */
export function RecoveryBanner() {
  const { client, session } = useSession();
  const hasSecondFactor = session?.user?.mfa_enabled ?? false;
  const [recovery, setRecovery] = useState<Factors["recovery"]>();
  const [isCancelled, setCancelled] = useState(false);

  useEffect(() => {
    if (!hasSecondFactor) return;
    void client.call<Factors>("GET", "/v1/me/factors").then(({ data }) => setRecovery(data?.recovery));
  }, [client, hasSecondFactor]);

  if (isCancelled) {
    return (
      <p className="notice banner" role="status">
        The recovery is cancelled, and your second factor stays. It was not you who asked for it? Then somebody knows your
        password: <Link href="/dashboard/settings">choose a new one</Link>.
      </p>
    );
  }
  if (!recovery || !hasSecondFactor) return null;
  return (
    <section className="card banner" aria-label="A recovery of your account">
      <Form
        label="Keep my second factor"
        busy="Cancelling…"
        submit={async () => {
          const result = await client.call("POST", "/v1/recovery/cancel");
          // It is over already: nothing more to say.
          if (result.error?.code === "not_found") setRecovery(undefined);
          return result;
        }}
        done={() => setCancelled(true)}
      >
        <p>
          <strong>Somebody says that you have lost your second factor.</strong> From <Moment at={recovery.ready_at} /> on, a link in
          your mailbox removes it. It was asked for on <Moment at={recovery.asked_at} />.
        </p>
        <p>It was not you, or you still have it? Keep it.</p>
      </Form>
    </section>
  );
}

function Moment({ at }: { at: string }) {
  return <time dateTime={at}>{new Date(at).toLocaleString(undefined, { dateStyle: "long", timeStyle: "short" })}</time>;
}
