import { expect, test, vi } from 'vitest';
import type { Room } from '../../session/model';
import { CALM, line, pupil, RIGHTS } from '../../session/testing';
import { addressees, toWhom } from './addressees';

// Which language is read is asked of the browser.
vi.hoisted(() => {
  vi.stubGlobal('location', { search: '' });
  vi.stubGlobal('navigator', { languages: ['de'] });
});

const people = [pupil(1, { name: 'Frau Kern', role: 'teacher' }), pupil(2), pupil(3, { name: 'Ada' })];
const groups = { ...CALM.groups, open: true, count: 2, mine: 2 };
const policy = { ...CALM.policy, privateChat: ['teacher' as const] };
const room = (part: Partial<Room> = {}) =>
  ({ ...CALM, me: 2, role: 'pupil', rights: RIGHTS, people, policy, ...part }) as unknown as Room;

test.each<[string, Partial<Room>, string[]]>([
  ['all and those whom the policy lets', {}, ['all', 'person:1']],
  ['the own group', { groups }, ['all', 'group:2', 'person:1']],
  ['nobody alone', { rights: { ...RIGHTS, privateChat: false } }, ['all']],
  ['one person only', { rights: { ...RIGHTS, chat: false }, groups }, ['person:1']],
  ['nobody', { rights: { ...RIGHTS, chat: false, privateChat: false } }, []],
  [
    'every group and everyone, for a teacher',
    { me: 1, role: 'teacher', groups },
    ['all', 'group:1', 'group:2', 'person:2', 'person:3'],
  ],
])('one writes to %s', (_, part, keys) => {
  expect(addressees(room(part)).map(({ key }) => key)).toEqual(keys);
});

test('a message says whom it is to', () => {
  expect(toWhom(line(1), room())).toBeNull();
  expect(toWhom(line(1, { to: { group: 2 } }), room())).toBe('an Gruppe 2');
  expect(toWhom(line(1, { to: { person: 2 } }), room())).toBe('nur an mich');
  expect(toWhom(line(1, { from: 2, to: { person: 3 } }), room())).toBe('an Ada');
  expect(toWhom(line(1, { from: 2, to: { person: 9 } }), room())).not.toBe('');
});
