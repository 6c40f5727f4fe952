import { expect, test } from 'vitest';
import type { FragmentInfo, RecordingIndex } from '../protocol';
import { follow } from './follow';

const fragments: FragmentInfo[] = Array.from({ length: 9 }, (_, index) => ({
  start: index * 2000,
  offset: 500 + index * 100,
  length: 100,
  keyframe: index % 3 === 0,
}));

function index(made: number, change: Partial<RecordingIndex> = {}): RecordingIndex {
  return {
    title: '7b',
    manages: false,
    mime: 'video/webm; codecs="vp8,opus"',
    init: 500,
    fragments: fragments.slice(0, made),
    recording: {
      id: 'r1', lesson: 1, started: 0, length: made * 2000, bytes: 500 + made * 100,
      running: made < 9, released: false, keptUntil: 0,
    },
    ...change,
  };
}

/** A server that has `now`, and what it was asked. */
function server(now: RecordingIndex) {
  const asked: (number | undefined)[] = [];
  return {
    asked,
    index: async (_: string, __?: AbortSignal, from?: number) => {
      asked.push(from);
      return { ...now, fragments: now.fragments.slice(from ?? 0) };
    },
  };
}

test.each([
  ['it has grown', 4, 7, [3]],
  ['nothing is new', 4, 4, [3]],
  ['it has ended', 4, 9, [3]],
  ['one fragment was known', 1, 3, [0]],
  ['nothing was known', 0, 3, [0]],
])('only what is new is fetched: %s', async (_, had, has, asked) => {
  const it = server(index(has));
  expect(await follow(it, index(had))).toEqual(index(has));
  expect(it.asked).toEqual(asked);
});

const moved = fragments.map((one) => ({ ...one, offset: one.offset + 8 }));

test.each([
  ['has another beginning', index(7, { init: 508 })],
  ['is of another type', index(7, { mime: 'video/mp4' })],
  ['stands elsewhere', index(7, { fragments: moved })],
  ['has become shorter', index(2)],
  ['has lost everything', index(0)],
])('the whole is fetched if it %s', async (_, now) => {
  const it = server(now);
  expect(await follow(it, index(4))).toEqual(now);
  expect(it.asked).toEqual([3, undefined]);
});
