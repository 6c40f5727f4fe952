/** A person in the session's tests: from the link to the room, with the server's words made up. */
import { vi } from 'vitest';
import type { LessonEvent } from '../protocol';
import type { DeviceChoice, Phase, Session } from './model';
import { createSession } from './session';
import { FakeSocket, welcome, type World } from './testing';

export const QUIET: DeviceChoice = {
  microphone: null,
  camera: null,
  startMicrophone: false,
  startCamera: false,
};

export let phase: Phase;
export let session: Session;
/** Sequence of the last event. */
export let seq = 10;

/** Lets everything that is ready run. */
export const settle = () => vi.advanceTimersByTimeAsync(0);

/** The next lesson's events are counted anew. */
export function recount(): void {
  seq = 10;
}

/** Opens the page. */
export function start(at: World): void {
  session = createSession(at.environment);
  session.subscribe((now) => {
    phase = now;
  });
}

/** From the link to the room. */
export async function enter(at: World, choice = QUIET): Promise<FakeSocket> {
  start(at);
  await settle();
  session.join(null, choice);
  return answer(welcome());
}

/** The server takes the newest connection in. */
export async function answer(reply: ReturnType<typeof welcome>): Promise<FakeSocket> {
  const socket = await reach();
  socket.says(reply);
  await settle();
  return socket;
}

/** The newest connection reaches the server. */
export async function reach(): Promise<FakeSocket> {
  await settle();
  const socket = FakeSocket.last;
  socket.onopen?.();
  return socket;
}

export function room() {
  if (phase.at !== 'room') throw new Error(`not in the room but ${JSON.stringify(phase)}`);
  return phase.room;
}

/** Something happens in the lesson. */
export const event = (socket: FakeSocket, event: LessonEvent) => {
  seq += 1;
  socket.says({ type: 'event', seq, at: 0, event });
  return settle();
};
