import type { EnrolmentRequiredAnswer, MfaRequiredAnswer } from "@doorward/next/client";

/** A sign-in that waits for its second step. */
export type PendingSignIn = MfaRequiredAnswer | EnrolmentRequiredAnswer;

const NAME = "pending-sign-in";

/** In this tab alone, and gone with it, so that the second step is a page of its own and may be reloaded. */
export function keepPendingSignIn(answer: PendingSignIn): void {
  sessionStorage.setItem(NAME, JSON.stringify(answer));
}

export function pendingSignIn(): PendingSignIn | null {
  const kept = sessionStorage.getItem(NAME);
  return kept ? (JSON.parse(kept) as PendingSignIn) : null;
}

export function forgetPendingSignIn(): void {
  sessionStorage.removeItem(NAME);
}
