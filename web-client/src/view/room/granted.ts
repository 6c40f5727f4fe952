/**
 * What changed in those own rights whose control is not on the bar, so that nobody misses it.
 * Invariant: what was so when the room was entered is no news.
 */
import type { Room } from '../../session/model';
import { bar } from './controls';

/** The rights. */
export const GRANTED = ['caption', 'content'] as const;
export type Granted = (typeof GRANTED)[number];

/** What a teacher did with a right. */
export type Turn = 'given' | 'taken';

/** What is to be told of a right between two looks at the room; null: nothing. */
export function turned(before: Room | null, now: Room, right: Granted): Turn | null {
  const has = now.rights[right];
  if (!before || before.rights[right] === has) return null;
  if (right === 'content' && bar(now.role, false).start.includes('show')) return null;
  return has ? 'given' : 'taken';
}

/** Whether this person has a "More", where the control is. */
export function hasMore({ role, policy }: Room): boolean {
  return bar(role, false, policy.simpleView).start.includes('more');
}
