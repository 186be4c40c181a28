/** Authentication context classes (NIST SP 800-63B), the least first. */
const LEVELS = ["aal1", "aal2", "aal3"] as const;

export type Acr = (typeof LEVELS)[number];

/** What neither side knows is reached by nobody. */
export function isBelow(acr: string, least: Acr): boolean {
  const needed = LEVELS.indexOf(least);
  return needed < 0 || LEVELS.indexOf(acr as Acr) < needed;
}
