import "server-only";

export interface Note {
  id: string;
  text: string;
  at: number;
}

/** By account. In memory, as this example is about who is signed in, and not about where notes are kept. */
const notes: Map<string, Note[]> = ((globalThis as { notes?: Map<string, Note[]> }).notes ??= new Map());

export function notesOf(userId: string): readonly Note[] {
  return notes.get(userId) ?? [];
}

export function keepNote(userId: string, text: string): void {
  const note = { id: crypto.randomUUID(), text, at: Date.now() };
  notes.set(userId, [note, ...notesOf(userId)].slice(0, 50));
}

export function dropNote(userId: string, id: string): void {
  notes.set(
    userId,
    notesOf(userId).filter((note) => note.id !== id),
  );
}
