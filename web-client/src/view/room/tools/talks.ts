/**
 * The talks of a day as a teacher leads them. Invariant: a family's name is known only while it
 * waits or is there; before that it is a number in the order of the day.
 */
import type { Participant, Talk, Waiter } from '../../../protocol';

/** One talk with its place in the day and whoever has come for it. */
export interface Family {
  talk: Talk;
  /** From 1, in the order of the day. */
  place: number;
  /** Names of those who wait or are there, joined; null: nobody has come. */
  name: string | null;
  waits: boolean;
}

/** The talks in the order of the day. */
export function families(
  talks: readonly Talk[],
  waiting: readonly Waiter[],
  people: readonly Participant[],
): Family[] {
  const inOrder = [...talks].sort((a, b) => a.begins - b.begins || a.slot - b.slot);
  return inOrder.map((talk, index) => {
    const waiters = waiting.filter((waiter) => waiter.talk === talk.slot);
    const come = [...people.filter((one) => one.talk === talk.slot), ...waiters];
    const names = [...new Set(come.map(({ name }) => name))];
    return {
      talk,
      place: index + 1,
      name: names.length > 0 ? names.join(', ') : null,
      waits: waiters.length > 0 && talk.state !== 'on' && talk.state !== 'over',
    };
  });
}

/** The talk that is on; null: none is. */
export function onNow(all: readonly Family[]): Family | null {
  return all.find(({ talk }) => talk.state === 'on') ?? null;
}

/** Whose turn it is next: the first that has not begun; null: none is left. */
export function nextUp(all: readonly Family[]): Family | null {
  return all.find(({ talk }) => talk.state === 'planned') ?? null;
}
