import { expect, test } from 'vitest';
import type { Role } from '../../protocol';
import { bar } from './controls';

const row = (role: Role, narrow: boolean) => {
  const { start, middle, end } = bar(role, narrow);
  return [...start, ...middle, ...end].join(' ');
};

test('small children have two controls, their teacher has all', () => {
  expect(bar('pupil', false, true)).toEqual({
    start: ['microphone'],
    middle: [],
    end: ['leave'],
    inMore: [],
  });
  expect(bar('teacher', false, true)).toEqual(bar('teacher', false));
});

test.each<[Role, boolean, string]>([
  ['teacher', false, 'microphone camera show quiet people chat tools more end'],
  ['teacher', true, 'microphone camera quiet people more end'],
  ['pupil', false, 'microphone camera hand chat more leave'],
  ['pupil', true, 'microphone camera hand chat more leave'],
  ['presenter', true, 'microphone camera hand show more leave'],
  ['guest', true, 'microphone camera chat more hangUp'],
  ['interpreter', true, 'microphone camera view more leave'],
  ['observer', true, 'view more leave'],
])('%s (narrow: %s)', (role, narrow, controls) => {
  expect(row(role, narrow)).toBe(controls);
});

test('what leaves the bar of a phone stands in More', () => {
  const wide = row('teacher', false).split(' ');
  const { start, middle, end, inMore } = bar('teacher', true);
  expect(new Set([...start, ...middle, ...end, ...inMore])).toEqual(new Set(wide));
});

test.each<[Role, boolean, string]>([
  ['pupil', false, 'inMore'],
  ['guest', false, 'inMore'],
  ['interpreter', false, 'inMore'],
  // There is no More.
  ['pupil', true, 'start'],
])('a %s (simple view: %s) who may show has that in %s', (role, simple, place) => {
  const placed = (mayShow: boolean) =>
    Object.entries(bar(role, false, simple, mayShow)).filter(([, controls]) => controls.includes('show'));
  expect(placed(true).map(([name]) => name)).toEqual([place]);
  expect(placed(false)).toEqual([]);
});

test('whose role shows is given nothing twice', () => {
  for (const role of ['teacher', 'presenter'] as const) {
    for (const narrow of [false, true]) expect(bar(role, narrow, false, true)).toEqual(bar(role, narrow));
  }
});
