"use client";

import { useSyncExternalStore } from "react";

const never = () => () => {};

/** Whether the page's script has come, so that a press of a button is heard. */
export function useHydrated(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
}
