"use client";

import type { SignInAnswer } from "@doorward/next/client";
import { useSession } from "@doorward/next/react";
import { useEffect, useRef, useState, useTransition } from "react";
import { useKnowsPasskeys } from "@/lib/use-passkeys";

const remember = () => document.querySelector<HTMLInputElement>("input[name=remember]")?.checked ?? false;

/** A button, and passkeys beside the names that the browser fills in. */
export function PasskeySignIn({ done }: { done: (answer: SignInAnswer) => void }) {
  const { client } = useSession();
  const [trouble, setTrouble] = useState<string>();
  const [tries, setTries] = useState(0);
  const [isPending, start] = useTransition();
  const goOn = useRef(done);
  useEffect(() => {
    goOn.current = done;
  }, [done]);

  // Anew after each try of the button, which ends it.
  useEffect(() => {
    const leaving = new AbortController();
    void client.passkey.autofill({ remember, signal: leaving.signal }).then(({ ok, data, error }) => {
      if (ok) goOn.current(data);
      // Nobody asked for it: only a passkey that was chosen and refused is worth a word.
      else if (error.status === 401 || error.status === 403) setTrouble(error.detail);
    });
    return () => leaving.abort();
  }, [client, tries]);

  const ask = () =>
    start(async () => {
      const { ok, data, error } = await client.passkey.signIn({ remember });
      setTrouble(error?.detail);
      if (ok) goOn.current(data);
      else setTries((count) => count + 1);
    });
  if (!useKnowsPasskeys()) return null;
  return (
    <div className="other-way">
      <div role="alert">{trouble && <p className="alert">{trouble}</p>}</div>
      <button className="button" type="button" onClick={ask} disabled={isPending}>
        {isPending ? "Waiting for your passkey…" : "Sign in with a passkey"}
      </button>
    </div>
  );
}
