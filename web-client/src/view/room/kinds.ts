/**
 * What a teacher can lock for all, lock for one person and allow to one person. The same rules as
 * the server's: locks for all hold for pupils and guests, and teachers cannot be locked.
 */
import type { LockKind, Participant } from '../../protocol';
import type { Room } from '../../session/model';

/** What can be locked, in the order of the list. */
export const LOCKS: readonly LockKind[] = [
  'microphone',
  'camera',
  'content',
  'chat',
  'privateChat',
  'board',
  'names',
  'people',
];

/** Whether a teacher may lock or allow this person anything. */
export function isLed(who: Participant): boolean {
  return who.role !== 'teacher' && who.role !== 'observer';
}

/** What is locked for all and so for this person, unless it was allowed to them. */
export function lockedForAll(room: Room, who: Participant): LockKind[] {
  if (who.role !== 'pupil' && who.role !== 'guest') return [];
  return LOCKS.filter((what) => room.locks.some((lock) => lock.what === what));
}

/** What can be locked for this person alone. */
export function lockable(room: Room, who: Participant): LockKind[] {
  const all = lockedForAll(room, who);
  return LOCKS.filter((what) => !all.includes(what));
}

/** What can be allowed to this person: beyond the role, or against a lock for all. */
export function allowable(room: Room, who: Participant): LockKind[] {
  const beyond: LockKind[] = [
    ...(who.role === 'presenter' ? [] : (['content'] as const)),
    'caption',
    ...(who.role === 'presenter' && room.policy.recording ? (['record'] as const) : []),
  ];
  return [...new Set([...beyond, ...lockedForAll(room, who)])];
}
