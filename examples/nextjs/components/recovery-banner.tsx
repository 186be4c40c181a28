"use client";

import type { Activity } from "@doorward/next/client";
import { useSession } from "@doorward/next/react";
import Link from "next/link";
import { useEffect, useState } from "react";
import { Form } from "./form";

/** In milliseconds, how long ago a recovery may have been asked for: seven days of waiting, and seven to complete it. */
const LONGEST = 14 * 24 * 60 * 60_000;

/** While somebody says that the second factor of this account is lost: what to do about it. */
export function RecoveryBanner() {
  const { client, session } = useSession();
  const hasSecondFactor = session?.user?.mfa_enabled ?? false;
  const [asked, setAsked] = useState<Activity>();
  const [isCancelled, setCancelled] = useState(false);

  useEffect(() => {
    if (!hasSecondFactor) return;
    // What happened to the account, newest first, tells of it.
    void client.call<{ items: Activity[] }>("GET", "/v1/me/activity?limit=200").then(({ data }) => {
      const last = data?.items.find(({ type }) => type.startsWith("recovery."));
      const isOpen = last?.type === "recovery.asked" && Date.parse(last.time) > Date.now() - LONGEST;
      setAsked(isOpen ? last : undefined);
    });
  }, [client, hasSecondFactor]);

  if (isCancelled) {
    return (
      <p className="notice banner" role="status">
        The recovery is cancelled, and your second factor stays. It was not you who asked for it? Then somebody knows your
        password: <Link href="/dashboard/settings">choose a new one</Link>.
      </p>
    );
  }
  if (!asked || !hasSecondFactor) return null;
  return (
    <section className="card banner" aria-label="A recovery of your account">
      <Form
        label="Keep my second factor"
        busy="Cancelling…"
        submit={async () => {
          const result = await client.call("POST", "/v1/recovery/cancel");
          // It is over already: nothing more to say.
          if (result.error?.code === "not_found") setAsked(undefined);
          return result;
        }}
        done={() => setCancelled(true)}
      >
        <p>
          <strong>Somebody says that you have lost your second factor.</strong> It was asked for on{" "}
          <time dateTime={asked.time}>{new Date(asked.time).toLocaleString(undefined, { dateStyle: "long", timeStyle: "short" })}</time>
          {asked.device && `, with ${asked.device}`}
          {(asked.place ?? asked.ip) && `, from ${asked.place ?? asked.ip}`}. After a wait, a link in your mailbox removes it.
        </p>
        <p>It was not you, or you still have it? Keep it.</p>
      </Form>
    </section>
  );
}
