"use client";

import { useSession } from "@doorward/next/react";
import Link from "next/link";
import { useState } from "react";
import { Form } from "./form";

export interface TokenFormProps {
  /** Where the token goes, such as `/v1/not-me`. */
  path: string;
  token: string;
  explanation: string;
  label: string;
  /** What to say once it is done. */
  success: string;
}

/** Only the button uses the token, so that a scanner that follows the link uses nothing up. */
export function TokenForm({ path, token, explanation, label, success }: TokenFormProps) {
  const { client } = useSession();
  const [isDone, setDone] = useState(false);
  if (isDone) {
    return (
      <>
        <p className="notice">{success}</p>
        <p className="aside">
          <Link href="/sign-in">Go to sign-in</Link>
        </p>
      </>
    );
  }
  return (
    <Form label={label} busy="One moment…" submit={() => client.call("POST", path, { token })} done={() => setDone(true)}>
      <p>{explanation}</p>
    </Form>
  );
}
