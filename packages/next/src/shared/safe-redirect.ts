/** An origin that nothing lives at (RFC 2606, section 2). */
const NOWHERE = "http://app.invalid";

/** `path` if it is a path of this app, else `otherwise`. For `?redirect_to=` after a sign-in. */
export function safeRedirect(path: unknown, otherwise = "/"): string {
  return (typeof path === "string" && pathOfApp(path)) || otherwise;
}

/**
 * Normalised, or nothing. Browsers take `\` for `/` and drop tabs and line breaks, and what stands in between may decode
 * once more: so all of it is refused, at every depth of encoding.
 */
function pathOfApp(text: string): string | undefined {
  if (text.length > 2048 || /[\\\u0000-\u0020\u007f]/.test(text)) return undefined;
  try {
    let path = text.split(/[?#]/, 1)[0] ?? "";
    for (let depth = 0, encoded; path !== encoded; depth++) {
      if (!path.startsWith("/") || /\/\/|[\\\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(path) || depth > 4) return undefined;
      encoded = path;
      path = decodeURIComponent(encoded);
    }
    const url = new URL(text, NOWHERE);
    const safe = url.origin === NOWHERE && !url.pathname.startsWith("//");
    return safe ? url.pathname + url.search + url.hash : undefined;
  } catch {
    return undefined;
  }
}
