"use client";

import { useSession } from "@doorward/next/react";
import { useEffect, useState, useTransition } from "react";
import { useConfirmFirst } from "@/lib/use-confirm-first";

/** For whoever has no passkey, on a device that can keep one. Who wants none is not asked again in this browser. */
export function PasskeyOffer({ path }: { path: string }) {
  const { client, session } = useSession();
  const confirmFirst = useConfirmFirst(path);
  const [step, setStep] = useState<"offered" | "added">();
  const [trouble, setTrouble] = useState<string>();
  const [isPending, start] = useTransition();
  const userId = session?.userId;

  useEffect(() => {
    const look = async () => {
      if (!userId || isDeclined(userId)) return;
      if (!(await globalThis.PublicKeyCredential?.isUserVerifyingPlatformAuthenticatorAvailable?.())) return;
      const { data } = await client.passkey.list();
      if (data?.length === 0) setStep("offered");
    };
    void look();
  }, [client, userId]);

  const add = () =>
    start(async () => {
      const { ok, error } = await client.passkey.add();
      if (confirmFirst(error)) return;
      setTrouble(error?.detail);
      if (ok) setStep("added");
    });

  if (step === "added") {
    return (
      <p className="notice" role="status">
        Your passkey is here. Next time, it signs you in.
      </p>
    );
  }
  if (!step || !userId) return null;
  return (
    <section className="card offer" aria-labelledby="offer-heading">
      <Key />
      <div>
        <h2 id="offer-heading">Sign in faster next time</h2>
        <p>With a passkey your finger, your face or this device’s PIN signs you in. There is no password to type.</p>
        <div role="alert">{trouble && <p className="alert">{trouble}</p>}</div>
        <div className="actions">
          <button className="button" type="button" disabled={isPending} onClick={add}>
            {isPending ? "Waiting for your device…" : "Add a passkey"}
          </button>
          <button
            className="button quiet"
            type="button"
            onClick={() => {
              decline(userId);
              setStep(undefined);
            }}
          >
            No, thanks
          </button>
        </div>
      </div>
    </section>
  );
}

/** For each account: a browser may be shared. */
const nameOf = (userId: string) => `no-passkey-offer:${userId}`;
const isDeclined = (userId: string) => localStorage.getItem(nameOf(userId)) !== null;
const decline = (userId: string) => localStorage.setItem(nameOf(userId), "");

function Key() {
  return (
    <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
      <g fill="none" stroke="currentColor" strokeWidth="1.7" strokeLinecap="round" strokeLinejoin="round">
        <circle cx="8" cy="8" r="4.5" />
        <path d="M11.3 11.3 20 20M16.5 16.5l2-2M13.8 13.8l1.5-1.5" />
      </g>
    </svg>
  );
}
