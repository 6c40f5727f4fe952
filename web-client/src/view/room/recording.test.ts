import { expect, test } from 'vitest';
import type { Room } from '../../session/model';
import { secondsTo, standing, turn } from './recording';

const recording = { id: 'r', by: 1, running: false, since: 5000 };
const room = (more: Partial<Room>) =>
  ({ me: 2, recording, recorded: [], asked: false, people: [], ...more }) as unknown as Room;

test.each<[string, Partial<Room>]>([
  ['records', { me: 1 }],
  ['asked', { asked: true }],
  ['in', { recorded: [2, 3] }],
  ['out', { recorded: [3] }],
])('one is %s', (word, more) => {
  expect(standing(room(more))).toBe(word);
});

test.each([
  [0, 5],
  [1, 5],
  [4001, 1],
  [4999, 1],
  [9000, 1],
])('at %i ms the countdown to 5000 says %i', (now, seconds) => {
  expect(secondsTo(5000, now)).toBe(seconds);
});

test('announced, running and off are three things to tell', () => {
  const words = [recording, { ...recording, running: true }, null].map((one) =>
    turn(room({ recording: one })),
  );
  expect(new Set(words).size).toBe(3);
});
