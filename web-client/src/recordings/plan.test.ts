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

test('what was played is forgotten in pieces, not drop by drop', () => {
  expect(forget({ from: 0, next: 30 }, 35)).toBeNull();
  expect(forget({ from: 0, next: 30 }, 45)).toBe(15);
  expect(forget({ from: 15, next: 30 }, 46)).toBeNull();
});
