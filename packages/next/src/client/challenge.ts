// Loaded only where Doorward asks for a proof of work.

/** The `challenge_response` for a puzzle: some thousand tries at a time, so that the page stays alive. */
export async function solve(challenge: string, difficulty: number): Promise<string> {
  for (let nonce = 0; ; ) {
    for (const end = nonce + 2000; nonce < end; nonce++) {
      const text = `${challenge}.${nonce.toString(36)}`;
      if (leadingZeros(sha256(text)) >= difficulty) return text;
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
}

function leadingZeros(words: Uint32Array): number {
  const zeros = Math.clz32(words[0]!);
  return zeros < 32 ? zeros : 32 + Math.clz32(words[1]!);
}

/** The first 32 bits of the fractional parts of the square and cube roots of the first primes (FIPS 180-4, section 4.2.2). */
const primes: number[] = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime)) primes.push(n);
const fraction = (root: number) => Math.floor((root % 1) * 2 ** 32);
const START = Uint32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const ROUNDS = Uint32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));

/** SHA-256 (FIPS 180-4) of ASCII text, as eight words. The browser's own can only be waited for, which takes far longer. */
export function sha256(text: string): Uint32Array {
  const length = text.length;
  const words = new Uint32Array((((length + 8) >> 6) + 1) * 16);
  for (let at = 0; at < length; at++) words[at >> 2]! |= text.charCodeAt(at) << (24 - (at % 4) * 8);
  words[length >> 2]! |= 0x80 << (24 - (length % 4) * 8);
  words[words.length - 1] = length * 8;
  const state = START.slice();
  const w = new Uint32Array(64);
  const turn = (word: number, by: number) => (word >>> by) | (word << (32 - by));
  for (let block = 0; block < words.length; block += 16) {
    for (let at = 0; at < 64; at++) {
      if (at < 16) {
        w[at] = words[block + at]!;
      } else {
        const a = w[at - 15]!;
        const b = w[at - 2]!;
        const s0 = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3);
        const s1 = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10);
        w[at] = w[at - 16]! + s0 + w[at - 7]! + s1;
      }
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
    for (let at = 0; at < 64; at++) {
      const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUNDS[at]! + w[at]!) | 0;
      const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, at) => (state[at]! += word));
  }
  return state;
}
