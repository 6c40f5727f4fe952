/**
 * What somebody may do at this moment: the rights that the server tells, less quiet and pause.
 *
 * Invariant: the same rule as the server's; quiet and pause lie over the rights and change none,
 * so that afterwards everything is as it was. Interpreters and teachers are not silenced.
 */
import type { LockKind, Participant, Rights, Role } from '../protocol';
import type { Held } from './model';

/** What lies over everybody's rights. */
export interface Calm {
  /** Which teacher wants quiet. */
  quiet: number | null;
  /** The lesson rests because no teacher is there. */
  paused: boolean;
  /** Who was let speak since it is quiet. */
  floor: readonly number[];
}

/** What somebody may do now. */
export function effective({ quiet, paused, floor }: Calm, person: Participant): Rights {
  const { rights } = person;
  if (!isCalmed(person.role) || (quiet === null && !paused)) return rights;
  const silent = { ...rights, microphone: false, chat: false, privateChat: false, board: false };
  if (paused) return { ...silent, content: false };
  return { ...silent, microphone: floor.includes(person.no) };
}

/** Why somebody may not do something now; null if they may, or if their role never may. */
export function heldBy(calm: Calm, person: Participant, what: LockKind): Held | null {
  if (effective(calm, person)[what]) return null;
  const lock = person.locks.find((one) => one.what === what);
  if (person.rights[what]) {
    if (calm.paused) return { by: 0, why: 'pause' };
    if (calm.quiet !== null) return { by: calm.quiet, why: 'quiet' };
  }
  return lock ? { by: lock.by, why: 'lock' } : null;
}

/** Whether somebody was let speak, whatever is locked. */
export function hasWord({ quiet, floor }: Calm, person: Participant): boolean {
  return quiet === null ? person.hasWord : floor.includes(person.no);
}

/** The rights of somebody who was just let speak, or no longer. */
export function withWord({ role, rights, locks }: Participant, on: boolean): Rights {
  const locked = locks.some((lock) => lock.what === 'microphone');
  return { ...rights, microphone: role !== 'observer' && (on || !locked) };
}

/** What silences somebody now. */
export function silencedBy(calm: Calm, { no, role }: Participant): 'quiet' | 'pause' | null {
  if (!isCalmed(role)) return null;
  if (calm.paused) return 'pause';
  return calm.quiet !== null && !calm.floor.includes(no) ? 'quiet' : null;
}

/** Whether quiet and pause silence this role. */
function isCalmed(role: Role): boolean {
  return role === 'presenter' || role === 'pupil' || role === 'guest';
}
