"use client";

import { safeRedirect } from "@doorward/next/client";
import { useSession } from "@doorward/next/react";
import Link from "next/link";
import { useEffect, useState } from "react";
import { SecondFactor } from "@/components/second-factor";
import { leaveFor } from "@/lib/leave-for";
import { forgetPendingSignIn, pendingSignIn, type PendingSignIn } from "@/lib/pending-sign-in";
import { Enrolment } from "./enrolment";
import { Recovery } from "./recovery";

export function SecondStep({ redirectTo }: { redirectTo: string | undefined }) {
  const { client } = useSession();
  const [pending, setPending] = useState<PendingSignIn | null>();
  const [isLost, setLost] = useState(false);
  // Only the browser knows.
  useEffect(() => setPending(pendingSignIn()), []);

  const done = () => {
    forgetPendingSignIn();
    leaveFor(safeRedirect(redirectTo, "/dashboard"));
  };
  const anew = <Link href="/sign-in">Sign in anew</Link>;

  if (pending === undefined) return <p className="soft">One moment…</p>;
  if (pending === null) return <p>No sign-in is under way here. {anew}</p>;
  const { mfa_token } = pending;
  if (pending.status === "enrolment_required") return <Enrolment pending={pending} done={done} anew={anew} />;
  if (isLost) return <Recovery mfaToken={mfa_token} back={() => setLost(false)} />;
  return (
    <SecondFactor
      methods={pending.methods}
      submit={(method, code, { trust }) => client.secondStep({ mfa_token, method, code, trust_device: trust === "on" })}
      sendSms={() => client.phone.sendCode({ mfa_token })}
      passkey={pending.methods.includes("passkey") ? () => client.passkey.secondStep({ mfa_token }) : undefined}
      done={done}
      aside={
        <>
          <button className="link" type="button" onClick={() => setLost(true)}>
            I have lost all of them
          </button>
          {anew}
        </>
      }
    >
      <label className="check">
        <input type="checkbox" name="trust" /> Don’t ask again on this device
      </label>
    </SecondFactor>
  );
}
