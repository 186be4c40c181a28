"use server";

import { revalidatePath } from "next/cache";
import { protectAction } from "@/lib/auth";
import { dropNote, keepNote } from "@/lib/notes";

/** Anybody can call a server action. Each asks for itself who is signed in. */
export const keep = protectAction(async (session, form: FormData) => {
  const text = String(form.get("text") ?? "").trim();
  if (text) keepNote(session.userId, text.slice(0, 500));
  revalidatePath("/dashboard");
});

export const drop = protectAction(async (session, form: FormData) => {
  dropNote(session.userId, String(form.get("id")));
  revalidatePath("/dashboard");
});
