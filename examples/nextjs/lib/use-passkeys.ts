"use client";

import { useHydrated } from "./use-hydrated";

/** Whether this browser knows passkeys. The server's part of the page is made without them. */
export function useKnowsPasskeys(): boolean {
  return useHydrated() && "PublicKeyCredential" in window;
}
