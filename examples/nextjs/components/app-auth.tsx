"use client";

import { createAuthClient } from "@doorward/next/client";
import { AuthProvider, type Session } from "@doorward/next/react";
import type { ReactNode } from "react";
import { basePath } from "@/lib/base-path";

/** One for the app: its tabs share locks and news by it. */
const client = createAuthClient({ basePath: `${basePath}/api/auth` });

export function AppAuth({ initialSession, children }: { initialSession: Session | null; children: ReactNode }) {
  return (
    <AuthProvider initialSession={initialSession} client={client}>
      {children}
    </AuthProvider>
  );
}
