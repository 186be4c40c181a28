import { basePath } from "./base-path";

/**
 * Where a gate led here, back to its page. Not by the router: with `cacheComponents` it keeps the page that was refused, and that
 * would lead here once more.
 */
export function leaveFor(path: string): void {
  location.assign(basePath + path);
}
