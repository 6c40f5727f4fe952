import { expect, test } from 'vitest';
import type { FragmentInfo } from '../protocol';
import { entry, forget, leads, portion, runTo } from './plan';

/** Fragments of two seconds and 100 bytes; a keyframe in every third. */
const fragments: FragmentInfo[] = Array.from({ length: 60 }, (_, index) => ({
  start: index * 2000,
  offset: 500 + index * 100,
  length: 100,
  keyframe: index % 3 === 0,
}));

test.each([
  [0, 0],
  [1.9, 0],
  [5.999, 0],
  [6, 3],
  [11.9, 3],
  [12, 6],
  [119, 57],
  [9999, 57],
])('to show %d s, decoding begins at fragment %i', (position, first) => {
  expect(entry(fragments, position)).toBe(first);
});

test('a recording without any fragment has an entry all the same', () => {
  expect(entry([], 5)).toBe(0);
  expect(portion(runTo([], 5), [], 5)).toBeNull();
});

test.each([
  ['inside', { from: 6, next: 10 }, 8, true],
  ['before its beginning', { from: 6, next: 10 }, 5.9, false],
  ['just behind its end', { from: 6, next: 10 }, 21, true],
  ['behind the next keyframe after it', { from: 6, next: 10 }, 24, false],
])('a position %s is led to: %#', (_, run, position, expected) => {
  expect(leads(run, fragments, position)).toBe(expected);
});

test('a run takes neighbours together, as far ahead as was asked', () => {
  expect(portion({ from: 0, next: 0 }, fragments, 0, 7)).toEqual({ next: 4, offset: 500, length: 400 });
  expect(portion({ from: 0, next: 4 }, fragments, 0, 7)).toBeNull();
  expect(portion({ from: 0, next: 60 }, fragments, 118)).toBeNull();
});

test('a portion is bounded, but never empty', () => {
  const large = fragments.map((one, index) => ({ ...one, offset: index * 4e5, length: 4e5 }));
  expect(portion({ from: 0, next: 2 }, large, 0)).toEqual({ next: 3, offset: 8e5, length: 4e5 });
  const huge = large.map((one, index) => ({ ...one, offset: index * 9e6, length: 9e6 }));
  expect(portion({ from: 0, next: 0 }, huge, 0)?.next).toBe(1);
});

test('a portion ends where the file has something else in between', () => {
  const apart = fragments.map((one, index) => ({ ...one, offset: one.offset + (index > 1 ? 7 : 0) }));
  expect(portion({ from: 0, next: 0 }, apart, 0)).toMatchObject({ next: 2, length: 200 });
});

// A browser takes away pictures up to the next keyframe, but sound only up to where it is told.
test.each([
  ['nothing was played that long ago', 0, 35, null],
  ['up to the keyframe from which what is kept is decoded', 0, 45, 12],
  ['the same until the next keyframe', 12, 47.9, null],
  ['then up to that one', 12, 48, 18],
  ['what is before the run is not there', 24, 45, null],
])('what was played is forgotten: %s', (_, from, position, expected) => {
  expect(forget({ from, next: 30 }, fragments, position)).toBe(expected);
});

test('what was played is forgotten in pieces, not drop by drop', () => {
  const keys = fragments.map((one) => ({ ...one, keyframe: true }));
  expect(forget({ from: 0, next: 30 }, keys, 34)).toBeNull();
  expect(forget({ from: 0, next: 30 }, keys, 36.5)).toBe(6);
});

test('less is kept behind the position where less has room', () => {
  expect(forget({ from: 0, next: 30 }, fragments, 20, 5)).toBe(12);
  expect(forget({ from: 12, next: 30 }, fragments, 20, 5)).toBeNull();
});

test('whatever is not forgotten can be shown', () => {
  let run = { from: 0, next: 60 };
  for (let position = 0; position < 119; position += 0.5) {
    const from = forget(run, fragments, position);
    if (from !== null) run = { ...run, from };
    expect(fragments[entry(fragments, run.from)]?.start).toBe(run.from * 1000);
    expect(leads(run, fragments, Math.max(0, position - 30))).toBe(true);
  }
});
