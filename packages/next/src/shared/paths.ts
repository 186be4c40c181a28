/**
 * Paths of the app, without its `basePath`. `"/dashboard"` is that page and all below it; a function or a regular expression
 * decides for itself. Paths come decoded and without a slash at the end.
 */
export type Paths = ReadonlyArray<string | RegExp> | ((path: string) => boolean);

export function matches(path: string, paths: Paths): boolean {
  if (typeof paths === "function") return paths(path);
  return paths.some((one) =>
    typeof one === "string" ? path === one || path.startsWith(one === "/" ? "/" : `${one}/`) : path.search(one) >= 0,
  );
}

/** The path as the router takes it: `/%64ashboard/` is `/dashboard`. */
export function plainPath(pathname: string): string {
  let path = pathname;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    // Nothing that the router could decode either.
  }
  return path.replace(/\/{2,}/g, "/").replace(/(.)\/$/, "$1");
}
