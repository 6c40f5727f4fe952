/**
 * What changed in the own right to write captions, which nothing on the bar shows. Invariant: what
 * was so when the room was entered is no news.
 */
import type { Room } from '../../session/model';
import { bar } from './controls';

/** What a teacher did with the right. */
export type Turn = 'given' | 'taken';

/** What is to be told between two looks at the room; null: nothing. */
export function turned(before: Room | null, now: Room): Turn | null {
  if (!before || before.rights.caption === now.rights.caption) return null;
  return now.rights.caption ? 'given' : 'taken';
}

/** Whether this person has a "More", where the line to write in is opened. */
export function hasMore({ role, policy }: Room): boolean {
  return bar(role, false, policy.simpleView).start.includes('more');
}
