import type { Metadata } from "next";
import Link from "next/link";

export const metadata: Metadata = { title: "Not for you" };

export default function Forbidden() {
  return (
    <>
      <h1>This page is not for you</h1>
      <section className="card">
        <p>You are signed in, but your account does not have the role that is needed. Ask an administrator for it.</p>
        <p className="actions">
          <Link className="button" href="/dashboard">
            Back to your notes
          </Link>
        </p>
      </section>
    </>
  );
}
