/**
 * The quiet control: one press locks microphones and chat for all, the next one unlocks exactly
 * those that it locked. Left out on purpose: single locks, which it never touches.
 */
import type { Lock, LockKind } from '../../protocol';

/** What quiet silences. */
const SILENCED: readonly LockKind[] = ['microphone', 'chat'];

/** Whether it is quiet: all that quiet silences is locked for all. */
export function isQuiet(locks: Lock[]): boolean {
  return SILENCED.every((what) => locks.some((lock) => lock.what === what));
}

/** What a press would lock now. */
export function toLock(locks: Lock[]): LockKind[] {
  return SILENCED.filter((what) => !locks.some((lock) => lock.what === what));
}

/**
 * What the next press unlocks. `byThis` is what the press before locked; after a reload, or if
 * another teacher asked for quiet, it is empty and everything that quiet silences is freed.
 */
export function toUnlock(locks: Lock[], byThis: readonly LockKind[]): LockKind[] {
  const held = SILENCED.filter((what) => locks.some((lock) => lock.what === what));
  const own = held.filter((what) => byThis.includes(what));
  return own.length > 0 ? own : held;
}
