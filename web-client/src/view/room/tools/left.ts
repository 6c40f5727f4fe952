/**
 * Time that is left: in words, as a share of the whole, and the moment to warn. Times are
 * milliseconds since 1970 by the server's clock.
 * Invariant: what is told rounds up, so that nothing is over before its last second has passed.
 */
import { toolbox } from '../../../ui/text/tools/words.svelte';

/** Whole seconds until then, at least 0. */
export function secondsLeft(until: number, now: number): number {
  return Math.max(0, Math.ceil((until - now) / 1000));
}

/** "4 min left"; in the last minute the seconds. */
export function wordsLeft(until: number, now: number): string {
  const seconds = secondsLeft(until, now);
  const w = toolbox();
  return seconds > 60 ? w.minutesLeft(Math.ceil(seconds / 60)) : w.secondsLeft(seconds);
}

/**
 * How much of the whole is left. The protocol tells the end only, so that the whole is what was
 * left when this end was first seen; more time makes the whole longer.
 */
export class Span {
  #until = 0;
  #from = 0;

  /** 1 at the beginning, 0 at the end. */
  left(until: number, now: number): number {
    if (until !== this.#until) {
      // More time for what still runs: it began when it began.
      if (this.#until <= now || until < this.#until) this.#from = now;
      this.#until = until;
    }
    const whole = until - this.#from;
    return whole <= 0 ? 0 : Math.min(1, Math.max(0, (until - now) / whole));
  }
}

/**
 * Tells once that little time is left. Whoever comes when it is already late is not warned by a
 * sound; more time lets it warn again.
 */
export class Warning {
  #before: number;
  #last: number | null = null;

  /** Warns so many milliseconds before the end. */
  constructor(before: number) {
    this.#before = before;
  }

  /** Whether to warn now. Call it whenever time has passed. */
  due(until: number | null, now: number): boolean {
    const left = until === null ? null : until - now;
    const last = this.#last;
    this.#last = left;
    return left !== null && last !== null && last > this.#before && left <= this.#before && left > 0;
  }
}

/** Milliseconds before the end of groups at which they are warned. */
export const GROUPS_WARN = 60_000;

/** Milliseconds before the end of a talk at which both sides are warned. */
export const TALK_WARN = 120_000;
