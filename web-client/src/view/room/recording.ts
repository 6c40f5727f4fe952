/**
 * What a person is told of the recording of this lesson. Invariant: it tells of oneself only; who
 * else said yes or no is for teachers, and stands in their panel.
 */
import type { Room } from '../../session/model';

/** Where this person stands: asked, in it, not in it, or the one who records. */
export type Standing = 'records' | 'asked' | 'in' | 'out';

/** One's own standing in the recording that is announced or runs. */
export function standing(room: Room): Standing {
  if (room.recording?.by === room.me) return 'records';
  if (room.asked) return 'asked';
  return room.recorded.includes(room.me) ? 'in' : 'out';
}

/** Whether a person is in it, as far as this one may know. */
export function inRecording({ recording, recorded }: Room, { no }: { no: number }): boolean {
  return recording !== null && (recorded.includes(no) || recording.by === no);
}

/** Whole seconds until it begins, at least 1: what is announced has not begun. */
export function secondsTo(since: number, now: number): number {
  return Math.max(1, Math.ceil((since - now) / 1000));
}

/** The name of whoever records; null if they have left. */
export function recorder(room: Room): string | null {
  return room.people.find(({ no }) => no === room.recording?.by)?.name ?? null;
}

/**
 * What is so with the recording, as one word that changes when something new is to be told:
 * announced, running or off.
 */
export function turn({ recording }: Room): string {
  return recording ? `${recording.id} ${recording.running ? 'runs' : 'soon'}` : '';
}
