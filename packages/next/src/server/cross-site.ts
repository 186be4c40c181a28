/**
 * Whether a request may change something, by the rule that Doorward itself keeps: `Sec-Fetch-Site` decides (W3C Fetch
 * Metadata); without it, `Origin`. A request with neither comes from no browser.
 */
export function mayChange(method: string, headers: Headers, allowed: readonly string[]): boolean {
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return true;
  const site = headers.get("sec-fetch-site");
  const origin = headers.get("origin");
  if (site === "same-origin" || site === "none") return true;
  if (origin !== null && allowed.includes(origin)) return true;
  return site === null && (origin === null || isOwn(origin, headers));
}

/** The app knows itself by the host that it was asked under. A page of another site can't make a browser send that of ours. */
function isOwn(origin: string, headers: Headers): boolean {
  const host = headers.get("x-forwarded-host")?.split(",", 1)[0]?.trim() ?? headers.get("host");
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}
