"use client";

import type { AuthError } from "@doorward/next/client";
import { useRouter } from "next/navigation";

/** Where Doorward asks once more who it is, leads there, and from there back to `path`. Says whether it does. */
export function useConfirmFirst(path: string): (error: AuthError | undefined) => boolean {
  const router = useRouter();
  return (error) => {
    const isAsked = error?.code === "reauthentication_required";
    if (isAsked) router.push(`/reauthenticate?redirect_to=${encodeURIComponent(path)}`);
    return isAsked;
  };
}
