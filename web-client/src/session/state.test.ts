import { describe, expect, it } from 'vitest';
import type { LessonEvent, Stamped } from '../protocol';
import { happened, joined, person, type Lesson } from './state';
import { pupil, welcome as reply } from './testing';

const start = (): Lesson => {
  const lesson = joined(null, reply(), 4_000);
  if (!lesson) throw new Error('a snapshot always makes a lesson');
  return lesson;
};
const at = (seq: number, event: LessonEvent): Stamped => ({ seq, at: 0, event });

describe('joined', () => {
  it('takes the snapshot in seating order and notes the skew of the clocks', () => {
    const lesson = start();
    expect(lesson.people.map((one) => one.no)).toEqual([1, 2]);
    expect(lesson.skew).toBe(3_000);
  });

  it('adds what was missed', () => {
    const back = reply({
      snapshot: null,
      seq: 12,
      missed: [
        at(11, { kind: 'hand', who: 1, hand: 4 }),
        at(12, { kind: 'left', who: 2 }),
      ],
    });
    const lesson = joined(start(), back, 0);
    expect(lesson?.seq).toBe(12);
    expect(lesson?.people.map((one) => [one.no, one.hand])).toEqual([[1, 4]]);
  });

  it.each([
    ['another sitting', reply({ snapshot: null, lesson: 2 })],
    ['a gap', reply({ snapshot: null, seq: 12, missed: [at(12, { kind: 'left', who: 1 })] })],
  ])('gives up on %s', (_, back) => {
    expect(joined(start(), back, 0)).toBeNull();
  });
});

describe('happened', () => {
  const rows: [string, LessonEvent, (lesson: Lesson) => unknown, unknown][] = [
    ['entry', { kind: 'joined', participant: pupil(3) }, (l) => l.people.length, 3],
    ['entry again', { kind: 'joined', participant: pupil(1) }, (l) => l.people.length, 2],
    ['leaving', { kind: 'left', who: 1 }, (l) => person(l, 1), undefined],
    ['removal', { kind: 'removed', who: 1, by: 2 }, (l) => person(l, 1), undefined],
    ['offline', { kind: 'online', who: 1, online: false }, (l) => person(l, 1)?.online, false],
    [
      'sending',
      { kind: 'sending', who: 1, source: 'camera', on: true, by: 1 },
      (l) => person(l, 1)?.sending,
      ['camera'],
    ],
    [
      'no longer sending',
      { kind: 'sending', who: 1, source: 'camera', on: false, by: 2 },
      (l) => person(l, 1)?.sending,
      [],
    ],
    ['hand', { kind: 'hand', who: 2, hand: 7 }, (l) => person(l, 2)?.hand, 7],
    [
      'locks of all',
      { kind: 'locks', locks: [{ what: 'chat', by: 1 }] },
      (l) => l.locks,
      [{ what: 'chat', by: 1 }],
    ],
    [
      'chat',
      { kind: 'chat', message: { id: 1, from: 1, text: 'Hallo', at: 9 } },
      (l) => l.chat.map((m) => m.text),
      ['Hallo'],
    ],
    ['someone unknown', { kind: 'hand', who: 99, hand: 1 }, (l) => l.people.length, 2],
    [
      'a kind of a newer server',
      { kind: 'fireworks' } as unknown as LessonEvent,
      (l) => l.people.length,
      2,
    ],
  ];
  it.each(rows)('%s', (_, event, read, expected) => {
    const lesson = happened(start(), at(11, event));
    expect(lesson?.seq).toBe(11);
    expect(lesson && read(lesson)).toEqual(expected);
  });

  it('ignores what it has and refuses a gap', () => {
    const lesson = start();
    expect(happened(lesson, at(10, { kind: 'left', who: 1 }))).toBe(lesson);
    expect(happened(lesson, at(12, { kind: 'left', who: 1 }))).toBeNull();
  });
});
