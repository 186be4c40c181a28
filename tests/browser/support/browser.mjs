// Chromium, the looks that every page must have, and what is asked of each page.

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = fileURLToPath(new URL("../../../test-results/", import.meta.url));

/** Both colour schemes, on the narrowest phone and on a desktop. */
export const LOOKS = ["light", "dark"].flatMap((colorScheme) => [
  { name: `${colorScheme}-phone`, colorScheme, viewport: { width: 360, height: 740 } },
  { name: `${colorScheme}-desktop`, colorScheme, viewport: { width: 1280, height: 800 } },
]);

export function launch() {
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: process.env.DOORWARD_TEST_CHROMIUM, args });
}

/** A fresh visitor's page. `complaints` fills with what the browser's console holds against it. */
export async function visit(browser, url, options = {}) {
  const context = await browser.newContext({ baseURL: url, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // A refused form answers 4xx, and the console says so; that is no mistake of the page.
    const refused = message.text().startsWith("Failed to load resource: the server responded with a status of 4");
    if (message.type() === "error" && !refused) complaints.push(message.text());
  });
  return { context, page, complaints };
}

/** WCAG 2.2 AA by axe-core, and nothing to scroll sideways for. */
export async function assertGood(page, name) {
  // Evaluated, not added as a script: the page's own policy forbids that, as it should.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run({
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }),
  );
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}\n    ${nodes.map((node) => node.html).join("\n    ")}`);
  assert.deepEqual(found, [], `${name}: ${found.join("\n  ")}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, `${name}: wider than the screen by ${wide} px`);
}

/** Keeps a picture under test-results, to be looked at. */
export async function picture(page, name) {
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}
