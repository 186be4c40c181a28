"use client";

import { useSession } from "@doorward/next/react";
import { useRouter } from "next/navigation";
import { useState, useTransition } from "react";

/** Sensitive: asks for a sign-in of the last ten minutes, or a confirmation. */
export function YourData() {
  const { client } = useSession();
  const router = useRouter();
  const [trouble, setTrouble] = useState<string>();
  const [isPending, start] = useTransition();

  const download = () =>
    start(async () => {
      const { data, error } = await client.call("GET", "/v1/me/export");
      if (error?.code === "reauthentication_required") {
        router.push("/reauthenticate?redirect_to=%2Fdashboard%2Fsettings");
        return;
      }
      setTrouble(error?.detail);
      if (error) return;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([JSON.stringify(data, null, 2)], { type: "application/json" }));
      link.download = "my-data.json";
      link.click();
      URL.revokeObjectURL(link.href);
    });
  return (
    <section className="card" aria-labelledby="data-heading">
      <h2 id="data-heading">Your data</h2>
      <p>All that is held about you, as one file.</p>
      <div role="alert">{trouble && <p className="alert">{trouble}</p>}</div>
      <button className="button" type="button" onClick={download} disabled={isPending}>
        {isPending ? "Fetching…" : "Download my data"}
      </button>
    </section>
  );
}
