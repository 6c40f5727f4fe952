import { expect, test } from 'vitest';
import type { Role } from '../../protocol';
import type { Room } from '../../session/model';
import { CALM, RIGHTS } from '../../session/testing';
import { hasMore, turned } from './granted';

const room = (caption: boolean, more: Partial<Room> = {}) =>
  ({ role: 'pupil', rights: { ...RIGHTS, caption }, policy: CALM.policy, ...more }) as Room;

test.each([
  ['nothing by the first look', null, true, null],
  ['nothing while it stays', true, true, null],
  ['that it was given', false, true, 'given'],
  ['that it was taken', true, false, 'taken'],
] as const)('it tells %s', (_, before, now, turn) => {
  expect(turned(before === null ? null : room(before), room(now))).toBe(turn);
});

test('quiet and a pause take nothing away', () => {
  const quiet = room(true, { quiet: 1, silenced: 'quiet' });
  expect([turned(room(true), quiet), turned(quiet, room(true))]).toEqual([null, null]);
});

test.each<[Role, boolean, boolean]>([
  ['pupil', false, true],
  ['pupil', true, false],
  ['guest', true, true],
  ['interpreter', false, true],
])('a %s (simple view: %s) has "More": %s', (role, simpleView, has) => {
  expect(hasMore(room(true, { role, policy: { ...CALM.policy, simpleView } }))).toBe(has);
});
