"use client";

import { useSession } from "@doorward/next/react";
import { useState, useTransition } from "react";
import { download } from "@/lib/download";
import { useConfirmFirst } from "@/lib/use-confirm-first";

/** Sensitive: asks for a sign-in of the last ten minutes, or a confirmation. */
export function YourData() {
  const { client } = useSession();
  const confirmFirst = useConfirmFirst("/dashboard/settings");
  const [trouble, setTrouble] = useState<string>();
  const [isPending, start] = useTransition();

  const fetchAll = () =>
    start(async () => {
      const { data, error } = await client.call("GET", "/v1/me/export");
      if (confirmFirst(error)) return;
      setTrouble(error?.detail);
      if (!error) download("my-data.json", "application/json", JSON.stringify(data, null, 2));
    });
  return (
    <section className="card" aria-labelledby="data-heading">
      <h2 id="data-heading">Your data</h2>
      <p>All that is held about you, as one file.</p>
      <div role="alert">{trouble && <p className="alert">{trouble}</p>}</div>
      <button className="button" type="button" onClick={fetchAll} disabled={isPending}>
        {isPending ? "Fetching…" : "Download my data"}
      </button>
    </section>
  );
}
