import type { Metadata } from "next";
import { Suspense } from "react";
import { requireSession } from "@/lib/auth";
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
      <Sessions />
      <YourData />
    </>
  );
}
