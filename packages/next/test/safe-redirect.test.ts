import assert from "node:assert/strict";
import { test } from "node:test";
import { safeRedirect } from "../src/shared/safe-redirect.js";

test("a path of the app is kept", () => {
  for (const path of ["/", "/dashboard", "/a/b?c=d&e=%2F%2Ff", "/a#b", "/my%20files/1", "/search?q=//x", "/%C3%A9t%C3%A9", "/@ada", "/a%2Fb"]) {
    assert.equal(safeRedirect(path, "/otherwise"), path);
  }
});

test("what leads elsewhere is refused", () => {
  const bad = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example", "\\\\evil.example", "/\\/evil.example",
    "https://evil.example", "http:evil.example", "javascript:alert(1)", "data:text/html,x", "evil.example", "@evil.example", ".evil", "",
    " /x", "\t//evil.example", "/\t/evil.example", "/\n/evil.example", "/\r/evil.example", "/%09/evil.example", "/%0a/evil.example",
    "/%0d%0aset-cookie:x", "/x\r\nset-cookie: x", "/%00", "/%2f/evil.example", "/%2F%2Fevil.example", "/%5cevil.example", "/%5Cevil.example",
    "/%252f/evil.example", "/%25252f%25252fevil.example", "/%255cevil.example", "/.//evil.example", "/..//evil.example", "/a/..//evil.example",
    "/%2e/%2fevil.example", "/a//b", "/x\u0000", "/\u2028/x", "/%", "/%zz", "/%c0%af", "/%25%32%66%25%32%66evil", `/${"a".repeat(3000)}`,
    null, undefined, 1, {}, ["/x"],
  ];
  for (const path of bad) assert.equal(safeRedirect(path, "/otherwise"), "/otherwise", JSON.stringify(path));
});

test("whatever is put together of what browsers read in their own way, it never leads off the origin", () => {
  const pieces = ["/", "\\", "%2f", "%5C", "%252F", "%09", "%0a", "%00", "\t", "\n", "\r", " ", ".", "..", "%2e", "@", ":", "evil.example", "http:", "//", "?", "#", "a", "%", "%25", "\u00a0", "\uff0f", "%ef%bc%8f"];
  let seed = 42;
  const random = (below: number) => ((seed = (seed * 1103515245 + 12345) % 2147483648) >> 8) % below;
  let kept = 0;
  for (let round = 0; round < 50_000; round++) {
    let text = random(4) ? "/" : "";
    for (let length = random(7); length >= 0; length--) text += pieces[random(pieces.length)];
    const safe = safeRedirect(text, "");
    if (!safe) continue;
    kept++;
    // As a browser takes it, as it is, decoded, and decoded once more.
    for (let path = safe, depth = 0; depth < 3; depth++) {
      const at = `${JSON.stringify(text)} as ${JSON.stringify(path)}`;
      assert.match(path, /^\/(?![/\\])/, at);
      assert.equal(new URL(path.split(/[?#]/)[0]!, "https://app.example").origin, "https://app.example", at);
      assert.ok(!new URL(path.split(/[?#]/)[0]!, "https://app.example").pathname.startsWith("//"), at);
      try {
        path = decodeURIComponent(path.split(/[?#]/)[0]!);
      } catch {
        break;
      }
    }
    assert.equal(safeRedirect(safe, ""), safe);
  }
  assert.ok(kept > 500, `${kept} were kept`);
});
