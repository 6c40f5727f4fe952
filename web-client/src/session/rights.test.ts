import { expect, it } from 'vitest';
import type { Role } from '../protocol';
import { effective, hasWord, heldBy, silencedBy, type Calm } from './rights';
import { pupil, RIGHTS } from './testing';

const calm = (part: Partial<Calm> = {}): Calm => ({ quiet: null, paused: false, floor: [], ...part });
const everything = { ...RIGHTS, content: true };

it.each<[string, Calm, Role, Partial<typeof RIGHTS>]>([
  ['nothing', calm(), 'pupil', {}],
  ['quiet', calm({ quiet: 1 }), 'pupil', { microphone: false, chat: false, privateChat: false, board: false }],
  ['quiet', calm({ quiet: 1 }), 'presenter', { microphone: false, chat: false, privateChat: false, board: false }],
  ['quiet and a word', calm({ quiet: 1, floor: [2] }), 'guest', { chat: false, privateChat: false, board: false }],
  ['a rest', calm({ paused: true }), 'pupil', { microphone: false, content: false, chat: false, privateChat: false, board: false }],
  ['a rest and a word', calm({ paused: true, quiet: 1, floor: [2] }), 'pupil', { microphone: false, content: false, chat: false, privateChat: false, board: false }],
  ['quiet', calm({ quiet: 1 }), 'interpreter', {}],
  ['a rest', calm({ paused: true }), 'teacher', {}],
])('%s takes from a person: %o %s', (_, over, role, taken) => {
  expect(effective(over, pupil(2, { role, rights: everything }))).toEqual({ ...everything, ...taken });
});

it('says why something is held, the lock before quiet and pause', () => {
  const lock = { what: 'microphone', by: 7 } as const;
  const locked = pupil(2, { rights: { ...RIGHTS, microphone: false }, locks: [lock] });
  expect(heldBy(calm({ quiet: 1 }), locked, 'microphone')).toEqual({ by: 7, why: 'lock' });
  expect(heldBy(calm({ quiet: 1 }), locked, 'chat')).toEqual({ by: 1, why: 'quiet' });
  expect(heldBy(calm({ quiet: 1, paused: true }), locked, 'chat')).toEqual({ by: 0, why: 'pause' });
  expect(heldBy(calm(), locked, 'camera')).toBeNull();
  expect(heldBy(calm(), locked, 'content')).toBeNull();
});

it('knows the word of now', () => {
  expect(hasWord(calm(), pupil(2, { hasWord: true }))).toBe(true);
  expect(hasWord(calm({ quiet: 1 }), pupil(2, { hasWord: true }))).toBe(false);
  expect(hasWord(calm({ quiet: 1, floor: [2] }), pupil(2))).toBe(true);
});

it.each<[Partial<Calm>, Role, string | null]>([
  [{}, 'pupil', null],
  [{ quiet: 1 }, 'pupil', 'quiet'],
  [{ quiet: 1, floor: [2] }, 'pupil', null],
  [{ quiet: 1, paused: true, floor: [2] }, 'pupil', 'pause'],
  [{ quiet: 1, paused: true }, 'interpreter', null],
])('%o silences a %s by %s', (over, role, by) => {
  expect(silencedBy(calm(over), pupil(2, { role }))).toBe(by);
});
