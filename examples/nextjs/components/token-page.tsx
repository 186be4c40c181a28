"use client";

import { useSession } from "@doorward/next/react";
import Link from "next/link";
import { useState } from "react";
import { Form } from "./form";

interface Props {
  /** Where the token goes, such as `/v1/not-me`. */
  path: string;
  token: string;
  explanation: string;
  label: string;
  /** What to say once it is done. */
  success: string;
}

/** What a link in a mail leads to: a sentence and a button. Only the button uses the token, so that a scanner can't. */
export function TokenPage({ path, token, explanation, label, success }: Props) {
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
