import assert from "node:assert/strict";
import { test } from "node:test";

test("no part is larger than was promised", async () => {
  const { LIMITS, size } = (await import(new URL("../../scripts/size.mjs", import.meta.url).href)) as {
    LIMITS: Record<string, [string, string, number]>;
    size(file: string, names: string): Promise<number>;
  };
  for (const [what, [file, names, limit]] of Object.entries(LIMITS)) {
    const bytes = await size(file, names);
    assert.ok(bytes <= limit, `${what}: ${bytes} of ${limit} bytes`);
  }
});
