/**
 * How long to wait before trying again. Plain arithmetic; the caller owns the timer.
 *
 * The jitter keeps a school whose Wi-Fi returns from knocking in one millisecond.
 */

// A second for about the first half minute of tries: a pupil whose Wi-Fi comes back after 30 s is
// not to wait longer than that. Whoever is still away then may.
const STEPS = [200, 500, ...Array<number>(15).fill(1_000), 2_000, 4_000];
const LONGEST = 8_000;

/** Milliseconds before try number `tries` (from 0), within a quarter around the step. */
export function backoff(tries: number, random: number): number {
  const step = STEPS[tries] ?? LONGEST;
  return Math.round(step * (0.75 + random / 2));
}
