"use client";

import { SignedIn, SignedOut, useSession } from "@doorward/next/react";
import Link from "next/link";
import { SignOut } from "./sign-out";

export function AccountLinks() {
  const { session } = useSession();
  return (
    <>
      <SignedIn>
        <span className="who">{session?.user?.email}</span>
        <Link className="button small" href="/dashboard">
          Your notes
        </Link>
        <SignOut />
      </SignedIn>
      <SignedOut>
        <Link className="button small" href="/sign-in">
          Sign in
        </Link>
      </SignedOut>
    </>
  );
}
