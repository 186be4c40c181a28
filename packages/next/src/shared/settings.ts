import { cookieNames, type CookieNames } from "./cookies.js";

/**
 * Where Doorward is and what its tokens look like. Each can be left out: it is then read from the environment, by the name
 * that the server itself gives it, so that one file of settings serves both.
 */
export interface DoorwardOptions {
  /** Where this app reaches Doorward: `DOORWARD_URL`, or `http://127.0.0.1:4400`. Never shown to a browser. */
  url?: string;
  /**
   * The server's `public_url`: `DOORWARD_PUBLIC_URL`, or `http://localhost:4400` as there. It is the issuer of tokens, and
   * by its scheme the cookies are named.
   */
  publicUrl?: string;
  /** The server's `token.audience`: `DOORWARD_TOKEN__AUDIENCE`, or `publicUrl`. */
  audience?: string;
  /** The server's `session.cookie_domain`, where it is set: `DOORWARD_SESSION__COOKIE_DOMAIN`. */
  cookieDomain?: string;
  /** The server's `http.proxy_secret`: `DOORWARD_HTTP__PROXY_SECRET`. Without it Doorward takes the app for the client. */
  proxySecret?: string;
  /**
   * The browser's address, of which Doorward is told where `proxySecret` is set. By default what the nearest proxy before
   * the app appended to `X-Forwarded-For`. `2` takes the last but one entry, and so on; `0` tells nothing.
   */
  clientAddress?: number | ((headers: Headers) => string | null);
  /** How many seconds a call to Doorward may take. 5 by default. */
  timeout?: number;
}

/** The options with all that was left out. */
export interface Settings {
  /** Without a slash at the end; may have a path. */
  url: string;
  issuer: string;
  audience: string;
  cookies: CookieNames;
  cookieDomain: string | undefined;
  proxySecret: string | undefined;
  clientAddress: (headers: Headers) => string | null;
  /** In milliseconds. */
  timeout: number;
}

export function settingsOf(options: DoorwardOptions): Settings {
  // Written out one by one: an edge runtime knows only variables that are named in the source.
  const issuer = address(options.publicUrl ?? (process.env.DOORWARD_PUBLIC_URL || "http://localhost:4400"));
  const domain = options.cookieDomain ?? process.env.DOORWARD_SESSION__COOKIE_DOMAIN;
  const from = options.clientAddress ?? 1;
  return {
    url: address(options.url ?? (process.env.DOORWARD_URL || "http://127.0.0.1:4400")),
    issuer,
    audience: options.audience ?? (process.env.DOORWARD_TOKEN__AUDIENCE || issuer),
    cookies: cookieNames(issuer.startsWith("https:"), Boolean(domain)),
    cookieDomain: domain || undefined,
    proxySecret: (options.proxySecret ?? process.env.DOORWARD_HTTP__PROXY_SECRET) || undefined,
    clientAddress: typeof from === "function" ? from : (headers) => forwardedFor(headers, from),
    timeout: (options.timeout ?? 5) * 1000,
  };
}

function address(text: string): string {
  return new URL(text).href.replace(/\/+$/, "");
}

/** What the proxy that is so many steps before the app wrote down. What stands further left may be made up. */
function forwardedFor(headers: Headers, proxies: number): string | null {
  const entries = headers.get("x-forwarded-for")?.split(",") ?? [];
  const entry = entries[entries.length - proxies]?.trim();
  return entry && /^[\da-fA-F.:[\]]{2,60}$/.test(entry) ? entry : null;
}
