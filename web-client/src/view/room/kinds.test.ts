import { expect, test } from 'vitest';
import type { Room } from '../../session/model';
import { CALM, pupil } from '../../session/testing';
import { allowable, isLed, lockable, lockedForAll } from './kinds';

const room = (...locks: Room['locks']) => ({ ...CALM, locks }) as unknown as Room;
const chat = { what: 'chat', by: 1 } as const;

test('what is locked for all is not locked once more, but can be allowed', () => {
  expect(lockedForAll(room(chat), pupil(2))).toEqual(['chat']);
  expect(lockable(room(chat), pupil(2))).not.toContain('chat');
  expect(allowable(room(chat), pupil(2))).toEqual(['content', 'caption', 'chat']);
});

test('locks for all do not hold for presenters, who may be allowed to record', () => {
  const presenter = pupil(2, { role: 'presenter' });
  expect(lockedForAll(room(chat), presenter)).toEqual([]);
  expect(allowable(room(chat), presenter)).toEqual(['caption', 'record']);
  const never = { ...CALM, policy: { ...CALM.policy, recording: false } } as unknown as Room;
  expect(allowable(never, presenter)).toEqual(['caption']);
});

test('teachers and observers are not led', () => {
  expect(isLed(pupil(1, { role: 'teacher' }))).toBe(false);
  expect(isLed(pupil(1, { role: 'observer' }))).toBe(false);
  expect(isLed(pupil(1, { role: 'interpreter' }))).toBe(true);
});
