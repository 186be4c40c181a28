"use client";

import { useSession } from "@doorward/next/react";
import { useState } from "react";
import { Field, Form } from "@/components/form";

export function Password({ email }: { email: string }) {
  const { client } = useSession();
  const [changes, setChanges] = useState(0);
  return (
    <section className="card" aria-labelledby="password-heading">
      <h2 id="password-heading">Password</h2>
      <p>A new one signs every other device out.</p>
      <Form
        key={changes}
        label="Change the password"
        busy="Changing…"
        submit={({ current_password = "", new_password = "" }) =>
          client.call("POST", "/v1/password/change", { current_password, new_password })
        }
        done={() => setChanges(changes + 1)}
      >
        {(error) => (
          <>
            <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
            <Field name="current_password" label="Current password" type="password" autoComplete="current-password" error={error} />
            <Field name="new_password" label="New password" type="password" autoComplete="new-password" error={error} />
          </>
        )}
      </Form>
      <p role="status">{changes > 0 && "Your password is changed. You are signed out everywhere else."}</p>
    </section>
  );
}
