import { withAuth } from "@/lib/auth";

/** For programs: 401 and 403 are answered as problems, never as redirects. */
export const GET = withAuth((_request, session) =>
  Response.json({ id: session.userId, session: session.id, asked_at: new Date().toISOString() }),
);

/** Tells back what came, so that one can see that a retried request still has its body. */
export const POST = withAuth(async (request, session) =>
  Response.json({ id: session.userId, type: request.headers.get("content-type"), body: await request.text() }),
);
