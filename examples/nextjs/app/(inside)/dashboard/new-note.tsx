"use client";

import { useRef } from "react";
import { useFormStatus } from "react-dom";
import { keep } from "./actions";

export function NewNote() {
  const form = useRef<HTMLFormElement>(null);
  return (
    <form
      ref={form}
      className="new-note"
      action={async (data) => {
        await keep(data);
        form.current?.reset();
      }}
    >
      <label htmlFor="text">A new note</label>
      <textarea id="text" name="text" rows={2} maxLength={500} required />
      <Keep />
    </form>
  );
}

function Keep() {
  const { pending } = useFormStatus();
  return (
    <button className="button primary" type="submit" disabled={pending}>
      {pending ? "Keeping…" : "Keep it"}
    </button>
  );
}
