"use client";

import { useSession } from "@doorward/next/react";
import Link from "next/link";
import { useState } from "react";
import { Form } from "@/components/form";

/** No second factor is left: a slow way, so that nobody else can take it. */
export function Recovery({ mfaToken, back }: { mfaToken: string; back: () => void }) {
  const { client } = useSession();
  const [readyAt, setReadyAt] = useState<string>();
  if (readyAt) {
    return (
      <>
        <p className="notice">
          The wait has begun. It is over on{" "}
          <strong>
            <time dateTime={readyAt}>{new Date(readyAt).toLocaleString()}</time>
          </strong>
          : then a mail brings you the link.
        </p>
        <p>Found it, or a code, meanwhile? Just sign in with it: that cancels the recovery.</p>
        <p className="aside">
          <Link href="/sign-in">Back to sign-in</Link>
        </p>
      </>
    );
  }
  return (
    <>
      <Form
        label="Begin the wait"
        busy="One moment…"
        submit={() => client.recover({ mfa_token: mfaToken })}
        done={({ ready_at }) => setReadyAt(ready_at)}
      >
        <p>
          Without your second factor and your backup codes there is a slow way in. We tell you by mail when it begins, and at its
          end a mail brings a link that removes your second factor. Until then anybody who has the account can cancel it.
        </p>
      </Form>
      <p className="aside">
        <button className="link" type="button" onClick={back}>
          Back to the code
        </button>
      </p>
    </>
  );
}
