import type { NextRequest } from "next/server";

/**
 * Whether a request may change something, by the rule that Doorward itself keeps: `Sec-Fetch-Site` decides (W3C Fetch
 * Metadata); without it, `Origin`. A request with neither comes from no browser.
 */
export function mayChange(request: NextRequest, publicUrl: string, allowed: readonly string[]): boolean {
  const { method, headers } = request;
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return true;
  const site = headers.get("sec-fetch-site");
  const origin = headers.get("origin");
  if (site === "same-origin" || site === "none") return true;
  if (origin !== null && allowed.includes(origin)) return true;
  return site === null && (origin === null || isOwn(request, publicUrl));
}

/**
 * Whether `Origin` is the app's own. The app knows itself by the host that it was asked under: a page of another site can't make
 * a browser send that of ours. The scheme is what `publicUrl` says of this host; for other names of the app, what the proxy in
 * front says, or the connection.
 */
export function isOwn({ headers, nextUrl }: NextRequest, publicUrl: string): boolean {
  const host = first(headers.get("x-forwarded-host")) ?? headers.get("host");
  const origin = headers.get("origin");
  if (!host || !origin) return false;
  const known = new URL(publicUrl);
  const scheme = first(headers.get("x-forwarded-proto")) ?? nextUrl.protocol.replace(":", "");
  const isKnown = originOf(known.protocol.replace(":", ""), host) === known.origin;
  return origin === (isKnown ? known.origin : originOf(scheme, host));
}

/** As browsers write it: in lower case, and without the port that goes without saying. */
function originOf(scheme: string, host: string): string | undefined {
  try {
    return /^https?$/.test(scheme) ? new URL(`${scheme}://${host}`).origin : undefined;
  } catch {
    return undefined;
  }
}

/** Of a list, what was there first: nearest to the browser. */
function first(list: string | null): string | undefined {
  return list?.split(",", 1)[0]?.trim();
}
