import { createAuth } from "@doorward/next/server";

/** The roles that Doorward's database knows. */
export type Role = "admin" | "user";

export const { auth, requireSession, withAuth, protectAction, handlers } = createAuth<Role>();
