"use client";

import { useSession } from "@doorward/next/react";
import { useTransition } from "react";
import { basePath } from "@/lib/base-path";

export function SignOut({ everywhere = false, label = "Sign out" }: { everywhere?: boolean; label?: string }) {
  const { client } = useSession();
  const [isPending, start] = useTransition();
  const leave = () =>
    start(async () => {
      const { ok } = await client.signOut({ everywhere });
      // Not by the router: it would keep the pages of before, and Back would show them for a moment.
      if (ok) location.assign(`${basePath}/sign-in?notice=signed_out`);
    });
  return (
    <button className="button small quiet" type="button" onClick={leave} disabled={isPending}>
      {isPending ? "Signing out…" : label}
    </button>
  );
}
