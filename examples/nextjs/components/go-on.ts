"use client";

import { safeRedirect, type SignInAnswer } from "@doorward/next/client";
import { useRouter } from "next/navigation";
import { leaveFor } from "@/lib/leave-for";
import { keepPendingSignIn } from "@/lib/pending-sign-in";

/** Where a sign-in goes on: to its second step, or to where it was asked for. An address that was verified, to what it was refused. */
export function useGoOn(redirectTo: string | undefined): (answer: SignInAnswer | { status: "verified" }) => void {
  const router = useRouter();
  return (answer) => {
    if (answer.status === "verified") {
      leaveFor(safeRedirect(redirectTo, "/dashboard"));
    } else if ("mfa_token" in answer) {
      keepPendingSignIn(answer);
      router.push(`/second-step${redirectTo ? `?redirect_to=${encodeURIComponent(redirectTo)}` : ""}`);
    } else {
      router.push(safeRedirect(redirectTo, "/dashboard"));
    }
  };
}
