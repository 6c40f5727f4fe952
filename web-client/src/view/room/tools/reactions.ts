/**
 * Reactions of the last seconds. Invariant: of one person only the last counts, and none outlives
 * `SHOWN`; so the list is never longer than the class.
 */
import type { Reaction } from '../../../protocol';

/** For how many milliseconds a reaction is shown. */
export const SHOWN = 5000;

/** Somebody's reaction and when it came, in milliseconds since 1970 by any one clock. */
export interface Reacted {
  who: number;
  what: Reaction;
  at: number;
}

/** The list with one more. */
export function reacted(list: readonly Reacted[], one: Reacted): Reacted[] {
  return [...shown(list, one.at).filter(({ who }) => who !== one.who), one];
}

/** Those that are still shown. */
export function shown(list: readonly Reacted[], now: number): Reacted[] {
  return list.filter(({ at }) => now - at < SHOWN);
}

/** What somebody shows now; null: nothing. */
export function reactionOf(list: readonly Reacted[], who: number, now: number): Reaction | null {
  return shown(list, now).find((one) => one.who === who)?.what ?? null;
}
