import type { NextConfig } from "next";

const cacheComponents = process.env.EXAMPLE_CACHE_COMPONENTS !== "off";

const config: NextConfig = {
  // Pages are cached where nothing of theirs hangs on a person; who is signed in streams in (`<Suspense>`).
  cacheComponents,
  partialPrefetching: cacheComponents,
  basePath: process.env.EXAMPLE_BASE_PATH ?? "",
  distDir: process.env.EXAMPLE_DIST_DIR ?? ".next",
};

export default config;
