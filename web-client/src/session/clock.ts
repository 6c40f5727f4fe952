/**
 * The server's times in the local clock's, so that whoever shows them compares with `Date.now()`.
 * Invariant: nothing but times is changed.
 */
import type { Acted, Groups, RecordingNow, Role, Talk, Tools, Waiting } from '../protocol';
import type { Wait } from './model';

/** A moment of the server; null stays null. */
export function local<T extends number | null>(at: T, skew: number): T {
  return (at === null ? null : at + skew) as T;
}

export function localGroups(groups: Groups, skew: number): Groups {
  const visits = groups.visits.map((one) => ({ ...one, since: local(one.since, skew) }));
  return { ...groups, until: local(groups.until, skew), visits };
}

export function localTools(tools: Tools, skew: number): Tools {
  return { ...tools, timer: local(tools.timer, skew) };
}

export function localTalk(talk: Talk, skew: number): Talk {
  return { ...talk, begins: local(talk.begins, skew), until: local(talk.until, skew) };
}

export function localRecording(now: RecordingNow | null, skew: number): RecordingNow | null {
  return now && { ...now, since: local(now.since, skew) };
}

export function localActed(acted: readonly Acted[], skew: number): Acted[] {
  return acted.map((one) => ({ ...one, until: local(one.until, skew) }));
}

/** What somebody is told who must wait, but for the line; `now` is the local clock. */
export function localWait(told: Waiting, role: Role, now: number): Omit<Wait, 'connection'> {
  const skew = now - told.now;
  const { why, title, talk, expected } = told;
  return { why, title, role, talk: talk && localTalk(talk, skew), expected: local(expected, skew) };
}
