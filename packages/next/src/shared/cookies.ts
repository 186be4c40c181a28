import type { Settings } from "./settings.js";

/** Doorward's cookies. Names are compared byte for byte, and two cookies of one name count as none: one is somebody else's. */
export interface CookieNames {
  access: string;
  refresh: string;
  flow: string;
  device: string;
  /** Ours: which sessions this browser has left. Named as Doorward's are. */
  ended: string;
}

export function cookieNames(https: boolean, domain: boolean): CookieNames {
  const prefix = https ? (domain ? "__Secure-" : "__Host-") : "";
  return {
    access: `${prefix}doorward_access`,
    refresh: `${prefix}doorward_refresh`,
    flow: `${prefix}doorward_flow`,
    device: `${prefix}doorward_device`,
    ended: `${prefix}doorward_ended`,
  };
}

/** The cookie's value, from a `Cookie` header. */
export function readCookie(header: string | null, name: string): string | undefined {
  const found = pairs(header).filter(([known]) => known === name);
  return (found.length === 1 && found[0]?.[1]) || undefined;
}

/** A `Cookie` header with only the cookies of these names. */
export function onlyCookies(header: string | null, names: string[]): string {
  return join(pairs(header).filter(([name]) => names.includes(name)));
}

/** A `Set-Cookie` header as Doorward itself writes it. */
export function cookieLine({ cookies, cookieDomain }: Settings, name: string, value: string, maxAge: number): string {
  const secure = cookies.access.startsWith("__") ? "; Secure" : "";
  const domain = cookieDomain ? `; Domain=${cookieDomain}` : "";
  return `${name}=${value}; Max-Age=${maxAge}; Path=/; HttpOnly; SameSite=Lax${secure}${domain}`;
}

/** The `Cookie` header that a browser sends once it has taken these `Set-Cookie` headers in. */
export function applySetCookies(header: string | null, setCookies: string[]): string {
  let cookies = pairs(header);
  for (const line of setCookies) {
    const [name, value] = pair(line.split(";", 1)[0] ?? "");
    cookies = cookies.filter(([known]) => known !== name);
    if (value && !/;\s*max-age=0\s*(;|$)/i.test(line)) cookies.push([name, value]);
  }
  return join(cookies);
}

type Pair = [name: string, value: string];

function pairs(header: string | null): Pair[] {
  return header ? header.split(";").map(pair).filter(([name]) => name) : [];
}

function pair(text: string): Pair {
  const at = text.indexOf("=");
  // Only the space that follows `;` is none of the name (RFC 6265bis, section 5.8.3).
  return at < 0 ? ["", ""] : [text.slice(0, at).replace(/^[ \t]+/, ""), text.slice(at + 1).trimEnd()];
}

function join(cookies: Pair[]): string {
  return cookies.map(([name, value]) => `${name}=${value}`).join("; ");
}
