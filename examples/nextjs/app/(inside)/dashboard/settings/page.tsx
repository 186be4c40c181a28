import type { Metadata } from "next";
import Link from "next/link";
import { Suspense } from "react";
import { requireSession } from "@/lib/auth";
import { Passkeys } from "./passkeys";
import { Password } from "./password";
import { Profile } from "./profile";
import { Sessions } from "./sessions";
import { YourData } from "./your-data";

export const metadata: Metadata = { title: "Settings" };

export default function Settings() {
  return (
    <>
      <h1>Settings</h1>
      <Suspense fallback={<p className="soft">Fetching your settings…</p>}>
        <Sections />
      </Suspense>
    </>
  );
}

async function Sections() {
  // With `fresh` Doorward is asked, so that a session that was ended is out at once, and the account comes along.
  const { user } = await requireSession({ fresh: true });
  return (
    <>
      <Profile
        email={user.email}
        isVerified={user.email_verified}
        username={user.preferred_username ?? ""}
        givenName={user.given_name ?? ""}
        familyName={user.family_name ?? ""}
      />
      <Password email={user.email} />
      <Passkeys />
      <section className="card" aria-labelledby="two-factor-heading">
        <h2 id="two-factor-heading">Two-factor {user.mfa_enabled && <span className="badge">on</span>}</h2>
        <p>{user.mfa_enabled ? "Signing in asks for a second factor." : "Your password alone lets you in."}</p>
        <Link className="button" href="/dashboard/settings/two-factor">
          {user.mfa_enabled ? "Manage it" : "Set it up"}
        </Link>
      </section>
      <Sessions />
      <YourData />
    </>
  );
}
