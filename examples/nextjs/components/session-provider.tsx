import type { ReactNode } from "react";
import { auth } from "@/lib/auth";
import { AppAuth } from "./app-auth";

/** Tells the browser's part who is signed in. Stands inside `<Suspense>`, as it reads the request. */
export async function SessionProvider({ children }: { children: ReactNode }) {
  return <AppAuth initialSession={await auth({ fresh: "if-possible" })}>{children}</AppAuth>;
}
