/** Below which path the app is mounted: what Next adds to its links, and not to addresses that we write ourselves. */
export const basePath = process.env.NEXT_PUBLIC_BASE_PATH ?? "";
