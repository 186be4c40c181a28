import type { Metadata } from "next";
import { Suspense } from "react";
import { PasskeyOffer } from "@/components/passkey-offer";
import { requireSession } from "@/lib/auth";
import { notesOf } from "@/lib/notes";
import { NewNote } from "./new-note";
import { drop } from "./actions";
import { WhoAmI } from "./who-am-i";

export const metadata: Metadata = { title: "Notes" };

export default function Dashboard() {
  return (
    <>
      <h1>Notes</h1>
      <Suspense fallback={<p className="soft">Fetching your notes…</p>}>
        <Notes />
      </Suspense>
      <PasskeyOffer path="/dashboard" />
      <WhoAmI />
    </>
  );
}

async function Notes() {
  // Here, where data is read: the proxy is a convenience, this is the gate.
  const session = await requireSession();
  const notes = notesOf(session.userId);
  return (
    <section className="card" aria-label="Your notes">
      <NewNote />
      {notes.length === 0 ? (
        <p className="soft">Nothing yet. What you write above will stand here.</p>
      ) : (
        <ul className="notes">
          {notes.map((note) => (
            <li key={note.id}>
              <p>{note.text}</p>
              <form action={drop}>
                <input type="hidden" name="id" value={note.id} />
                <button className="link" type="submit" aria-label={`Drop: ${note.text}`}>
                  Drop
                </button>
              </form>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
