// What each part adds to an app, minified and gzipped, with Next and React left out as the app has them anyway.

import { build } from "esbuild";
import { gzipSync } from "node:zlib";

export const LIMITS = {
  "client, createAuthClient": ["client/index.js", "createAuthClient", 2 * 1024],
  "react, all": ["react/index.js", "AuthProvider, useSession, SignedIn, SignedOut, RequireRole", 3 * 1024],
  "proxy, createAuthProxy": ["proxy/index.js", "createAuthProxy", 10 * 1024],
};

/** In bytes. What is imported lazily does not count. */
export async function size(file, names) {
  const dist = new URL("../dist/", import.meta.url).pathname;
  const result = await build({
    stdin: { contents: `export { ${names} } from "./${file}";`, resolveDir: dist },
    bundle: true,
    minify: true,
    splitting: true,
    write: false,
    outdir: "/",
    format: "esm",
    platform: file.startsWith("proxy") ? "neutral" : "browser",
    mainFields: ["module", "main"],
    conditions: ["import", "default"],
    target: "es2022",
    external: ["next", "next/*", "react", "react/*"],
  });
  const [first, ...rest] = result.outputFiles.sort((a) => (a.path.endsWith("stdin.js") ? -1 : 1));
  const shared = rest.filter((chunk) => first.text.includes(`from"./${chunk.path.slice(1)}"`));
  return gzipSync(Buffer.concat([first, ...shared].map((chunk) => chunk.contents)), { level: 9 }).length;
}

if (import.meta.url === `file://${process.argv[1]}`) {
  for (const [what, [file, names, limit]] of Object.entries(LIMITS)) {
    const bytes = await size(file, names);
    console.log(`${what}: ${bytes} of ${limit} bytes`);
    if (bytes > limit) process.exitCode = 1;
  }
}
