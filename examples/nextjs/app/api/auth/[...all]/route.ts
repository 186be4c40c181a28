import { handlers } from "@/lib/auth";

// Doorward's JSON API on this origin: cookies are first-party, and nobody sees where Doorward itself lives.
export const { GET, POST, PUT, PATCH, DELETE } = handlers;
