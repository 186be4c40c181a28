"use client";

import { useSession } from "@doorward/next/react";
import { useEffect, useState, useTransition } from "react";
import { basePath } from "@/lib/base-path";

/** Asks this app's own API. Where the access token has run out, the client refreshes and asks once more. */
export function WhoAmI() {
  const { client } = useSession();
  const [answer, setAnswer] = useState<string>();
  const [refreshes, setRefreshes] = useState(0);
  const [isPending, start] = useTransition();

  useEffect(() => client.on("refreshed", () => setRefreshes((count) => count + 1)), [client]);

  const ask = () =>
    start(async () => {
      const response = await client.fetch(`${basePath}/api/me`);
      setAnswer(`${response.status} ${await response.text()}`);
    });
  return (
    <section className="card" aria-labelledby="api-heading">
      <h2 id="api-heading">The app’s own API</h2>
      <p>
        <code>client.fetch(&quot;/api/me&quot;)</code> keeps working when the access token has run out.
      </p>
      <p className="actions">
        <button className="button" type="button" onClick={ask} disabled={isPending}>
          {isPending ? "Asking…" : "Ask /api/me"}
        </button>
      </p>
      <pre className="answer" aria-live="polite" data-refreshes={refreshes}>
        {answer ?? "The answer will stand here."}
      </pre>
    </section>
  );
}
