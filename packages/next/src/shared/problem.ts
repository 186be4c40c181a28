import type { ErrorCode } from "../types.js";

/** RFC 9457, in the words that Doorward uses. */
const TITLES = {
  not_authenticated: [401, "You are not signed in", "Sign in, then try again."],
  token_expired: [401, "The access token has run out", "Refresh the access token and try again."],
  permission_denied: [403, "You may not do this", "This account does not have the permission that is needed."],
  email_not_verified: [403, "The e-mail address is not verified", "Verify the e-mail address first."],
  reauthentication_required: [403, "Please confirm that it is you", "Confirm who you are, with your second factor if you have one, and try again."],
  cross_site_refused: [403, "The request came from another site", "This request was sent by a page of another site."],
  not_found: [404, "There is nothing here", "Nothing was found under this address."],
  body_too_large: [413, "The request is too large", "Send a smaller body."],
  unavailable: [503, "The service is not available", "Something that is needed is not available right now. Try again in a moment."],
} as const satisfies Record<string, readonly [number, string, string]>;

/** `code` may be one that Doorward gave for a 401. */
export function problem(code: keyof typeof TITLES | (ErrorCode & {}), retryAfter?: number): Response {
  const [status, title, detail] = TITLES[code as keyof typeof TITLES] ?? [401, ...TITLES.not_authenticated.slice(1)];
  const headers = new Headers({ "content-type": "application/problem+json", "cache-control": "private, no-store" });
  if (status === 401) headers.set("www-authenticate", "Bearer");
  if (retryAfter !== undefined) headers.set("retry-after", String(retryAfter));
  const body = { type: "about:blank", title, status, detail, code, ...(retryAfter !== undefined && { retry_after: retryAfter }) };
  return new Response(JSON.stringify(body), { status, headers });
}
