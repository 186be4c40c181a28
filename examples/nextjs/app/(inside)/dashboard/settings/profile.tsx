"use client";

import { useSession } from "@doorward/next/react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { Field, Form } from "@/components/form";

interface Props {
  email: string;
  isVerified: boolean;
  username: string;
  givenName: string;
  familyName: string;
}

export function Profile({ email, isVerified, username, givenName, familyName }: Props) {
  const { client } = useSession();
  const router = useRouter();
  const [isSaved, setSaved] = useState(false);
  return (
    <section className="card" aria-labelledby="profile-heading">
      <h2 id="profile-heading">Profile</h2>
      <p>
        {email} {isVerified ? <span className="badge">verified</span> : <Link href="/verify-email">Verify it</Link>}
      </p>
      <Form
        label="Save"
        busy="Saving…"
        submit={({ preferred_username, given_name, family_name }) => {
          setSaved(false);
          return client.call("PATCH", "/v1/me", {
            preferred_username: preferred_username || null,
            given_name: given_name || null,
            family_name: family_name || null,
          });
        }}
        done={() => {
          setSaved(true);
          router.refresh();
        }}
      >
        {(error) => (
          <>
            <Field name="preferred_username" label="Username" autoComplete="username" defaultValue={username} required={false} error={error} />
            <Field name="given_name" label="Given name" autoComplete="given-name" defaultValue={givenName} required={false} error={error} />
            <Field name="family_name" label="Family name" autoComplete="family-name" defaultValue={familyName} required={false} error={error} />
          </>
        )}
      </Form>
      <p role="status">{isSaved && "Saved."}</p>
    </section>
  );
}
