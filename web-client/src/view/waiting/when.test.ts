import { expect, test, vi } from 'vitest';
import type { Talk } from '../../protocol';
import type { Wait } from '../../session/model';
import { about } from './when';

// Which language is read is asked of the browser.
vi.hoisted(() => {
  vi.stubGlobal('location', { search: '' });
  vi.stubGlobal('navigator', { languages: ['de'] });
});

const MINUTE = 60_000;
const begins = new Date(2026, 10, 23, 17, 40).getTime();
const talk: Talk = { slot: 4, begins, minutes: 10, state: 'planned', until: null };
const wait = (part: Partial<Wait>): Wait => ({
  why: 'talk',
  title: 'Elternabend',
  role: 'guest',
  talk,
  expected: begins,
  connection: 'ok',
  ...part,
});

test.each<[string, Partial<Wait>, number, string[]]>([
  ['on time', {}, -MINUTE, ['Beginnt voraussichtlich um 17:40 Uhr.', 'Pünktlich.']],
  [
    'late',
    { expected: begins + 10 * MINUTE },
    -MINUTE,
    ['Beginnt voraussichtlich um 17:50 Uhr.', '10 Minuten nach der geplanten Zeit.'],
  ],
  ['due', {}, MINUTE, ['Gleich geht es los.']],
  ['without a plan', { talk: null }, -MINUTE, ['Beginnt voraussichtlich um 17:40 Uhr.']],
  ['unknown', { expected: null }, 0, []],
])('a talk that is %s', (_, part, later, said) => {
  expect(about(wait(part), begins + later)).toEqual(said);
});

test('a talk that was passed over says that it can still be', () => {
  expect(about(wait({ talk: { ...talk, state: 'skipped' } }), 0)).toHaveLength(1);
});
