import { expect, test } from 'vitest';
import type { Role } from '../../protocol';
import type { Room } from '../../session/model';
import { CALM, RIGHTS } from '../../session/testing';
import { GRANTED, hasMore, turned } from './granted';

const room = (may: boolean, more: Partial<Room> = {}) => {
  const rights = { ...RIGHTS, caption: may, content: may };
  return { role: 'pupil', rights, policy: CALM.policy, ...more } as Room;
};

test.each([
  ['nothing by the first look', null, true, null],
  ['nothing while it stays', true, true, null],
  ['that it was given', false, true, 'given'],
  ['that it was taken', true, false, 'taken'],
] as const)('it tells %s', (_, before, now, turn) => {
  for (const right of GRANTED) {
    expect(turned(before === null ? null : room(before), room(now), right)).toBe(turn);
  }
});

test.each<[Role, string | null]>([
  ['teacher', null],
  ['presenter', null],
  ['guest', 'given'],
  ['interpreter', 'given'],
])('a %s is told of "Show": %s', (role, turn) => {
  expect(turned(room(false, { role }), room(true, { role }), 'content')).toBe(turn);
});

test('quiet and a pause take nothing away', () => {
  const quiet = room(true, { quiet: 1, silenced: 'quiet' });
  for (const right of GRANTED) {
    expect([turned(room(true), quiet, right), turned(quiet, room(true), right)]).toEqual([null, null]);
  }
});

test.each<[Role, boolean, boolean]>([
  ['pupil', false, true],
  ['pupil', true, false],
  ['guest', true, true],
  ['interpreter', false, true],
])('a %s (simple view: %s) has "More": %s', (role, simpleView, has) => {
  expect(hasMore(room(true, { role, policy: { ...CALM.policy, simpleView } }))).toBe(has);
});
