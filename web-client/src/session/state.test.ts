import { describe, expect, it } from 'vitest';
import type { Acted, LessonEvent, Lock, Poll, Stamped, Talk, Waiter } from '../protocol';
import { counted, happened, joined, person, type Lesson } from './state';
import { CALM, line, pupil, RIGHTS, welcome as reply } from './testing';

const start = (): Lesson => {
  const lesson = joined(null, reply(), 4_000);
  if (!lesson) throw new Error('a snapshot always makes a lesson');
  return lesson;
};
const at = (seq: number, event: LessonEvent): Stamped => ({ seq, at: 0, event });

const CHAT_LOCK: Lock = { what: 'chat', by: 1 };
const SILENT = { ...RIGHTS, chat: false };
const POLICY = { ...CALM.policy, attendance: true };
const TOOLS = { ...CALM.tools, focus: true };
const GROUPS = { ...CALM.groups, open: true, mine: 1 };
const ACTED: Acted = { id: 5, by: 1, until: 9_000, who: 2, what: { did: 'sentToLobby' } };
const TALK: Talk = { slot: 1, begins: 0, minutes: 10, state: 'planned', until: null };
const POLL: Poll = {
  id: 1,
  question: null,
  options: { kind: 'yesNo' },
  live: false,
  by: 1,
  open: true,
  voted: false,
  result: null,
};

/** The lesson after these events. */
const after = (...events: LessonEvent[]): Lesson =>
  events.reduce((lesson, event) => {
    const next = happened(lesson, at(lesson.seq + 1, event));
    if (!next) throw new Error('the sequence has no gap');
    return next;
  }, start());

describe('joined', () => {
  it('takes the snapshot in seating order and notes the skew of the clocks', () => {
    const lesson = start();
    expect(lesson.people.map((one) => one.no)).toEqual([1, 2]);
    expect(lesson.skew).toBe(3_000);
  });

  it('sorts by the roster, and whoever is not on it after those', () => {
    const participants = [pupil(1), pupil(2, { seat: 7 }), pupil(3, { seat: 4 })];
    const lesson = joined(null, reply({ snapshot: { ...CALM, participants } }), 0);
    expect(lesson?.people.map((one) => one.no)).toEqual([3, 2, 1]);
  });

  it('keeps what a snapshot does not tell', () => {
    const before = after(
      { kind: 'quiet', by: 1 },
      { kind: 'letSpeak', who: 2, on: true, by: 1 },
      { kind: 'acted', acted: ACTED },
    );
    const snapshot = { ...CALM, participants: [pupil(2)] };
    const still = joined(before, reply({ snapshot: { ...snapshot, quiet: 1 } }), 0);
    expect(still).toMatchObject({ floor: [2], acted: [ACTED] });
    expect(joined(before, reply({ snapshot }), 0)?.floor).toEqual([]);
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

  it('knows how many there are, of a crowd', () => {
    const lesson = joined(start(), reply({ snapshot: null, seq: 10, count: 120 }), 0);
    expect(lesson && [lesson.people.length, lesson.count]).toEqual([2, 120]);
    expect(lesson && counted(lesson, 121).count).toBe(121);
    expect(counted(start(), 121).count).toBeNull();
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
    [
      'a crowd',
      { kind: 'people', people: [pupil(4), pupil(2)], count: 120 },
      (l) => [l.people.map((one) => one.no), l.count],
      [[2, 4], 120],
    ],
    ['a crowd for staff', { kind: 'people', people: null, count: null }, (l) => [l.people.length, l.count], [2, null]],
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
    ['locks of all', { kind: 'locks', locks: [CHAT_LOCK], people: null }, (l) => l.locks, [CHAT_LOCK]],
    [
      'everybody, once people may be noticed',
      { kind: 'locks', locks: [], people: [pupil(4), pupil(2)] },
      (l) => l.people.map((one) => one.no),
      [2, 4],
    ],
    [
      'own rights, and whom one notices by them',
      { kind: 'rights', who: 2, rights: SILENT, locks: [CHAT_LOCK], people: [pupil(2)] },
      (l) => l.people.map(({ no, rights, locks }) => [no, rights, locks]),
      [[2, SILENT, [CHAT_LOCK]]],
    ],
    ['chat', { kind: 'chat', message: line(1) }, (l) => l.chat.map((m) => m.text), ['Hallo']],
    ['another name', { kind: 'renamed', who: 1, name: 'Ada', by: 2 }, (l) => person(l, 1)?.name, 'Ada'],
    ['a place in the classroom', { kind: 'inRoom', who: 1, on: true }, (l) => person(l, 1)?.inRoom, true],
    ['quiet', { kind: 'quiet', by: 1 }, (l) => [l.quiet, l.floor], [1, []]],
    ['rest', { kind: 'paused', on: true }, (l) => l.paused, true],
    ['policy', { kind: 'policy', policy: POLICY }, (l) => l.policy, POLICY],
    ['an act', { kind: 'acted', acted: ACTED }, (l) => l.acted, [ACTED]],
    ['a caption', { kind: 'caption', from: 1, text: 'Eins.' }, (l) => l.captions, ['Eins.']],
    ['tools', { kind: 'tools', tools: TOOLS }, (l) => l.tools, TOOLS],
    ['talks', { kind: 'talks', talks: [TALK] }, (l) => l.talks, [TALK]],
    ['poll', { kind: 'poll', poll: POLL }, (l) => l.poll, POLL],
    [
      'groups, with whom one notices from now on',
      { kind: 'groups', groups: GROUPS, around: [pupil(1, { sending: ['camera'] })] },
      (l) => [l.groups.mine, ...l.people.map(({ no, sending }) => [no, sending])],
      [1, [1, ['camera']], [2, []]],
    ],
    [
      'groups of a crowd',
      { kind: 'groups', groups: GROUPS, around: [pupil(2)], whole: true },
      (l) => l.people.map((one) => one.no),
      [2],
    ],
    ['what was erased', { kind: 'erased' }, (l) => l.people.length, 2],
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

it('keeps nothing but the name of whoever went into another group', () => {
  const went = after(
    { kind: 'sending', who: 1, source: 'camera', on: true, by: 1 },
    { kind: 'hand', who: 1, hand: 4 },
    { kind: 'groups', groups: { ...GROUPS, mine: null }, around: [pupil(2)] },
  );
  expect(person(went, 1)).toMatchObject({ name: 'P1', sending: [], hand: null, elsewhere: true });
});

it('holds after a reload what it held before of those in another group', () => {
  const groups = { ...GROUPS, mine: null };
  const away = pupil(1, { elsewhere: true });
  const went = after(
    { kind: 'sending', who: 1, source: 'camera', on: true, by: 1 },
    { kind: 'hand', who: 1, hand: 4 },
    { kind: 'letSpeak', who: 1, on: true, by: 2 },
    { kind: 'groups', groups, around: [pupil(2)] },
  );
  const reloaded = joined(null, reply({ snapshot: { ...CALM, groups, participants: [away, pupil(2)] } }), 0);
  expect([went.people, went.groups]).toEqual([reloaded?.people, reloaded?.groups]);
  const left = happened(went, at(went.seq + 1, { kind: 'left', who: 1 }));
  const back = left && happened(left, at(left.seq + 1, { kind: 'joined', participant: away }));
  expect(back?.people).toEqual(went.people);
});

describe('a word given', () => {
  const give = (who: number, on = true): LessonEvent => ({ kind: 'letSpeak', who, on, by: 1 });
  const locked: LessonEvent = {
    kind: 'rights',
    who: 2,
    rights: { ...RIGHTS, microphone: false },
    locks: [{ what: 'microphone', by: 1 }],
    people: null,
  };

  it('opens a locked microphone, and taken back closes it again', () => {
    expect(person(after(locked, give(2)), 2)).toMatchObject({ hasWord: true, rights: RIGHTS });
    const back = person(after(locked, give(2), give(2, false)), 2);
    expect(back).toMatchObject({ hasWord: false, rights: { microphone: false } });
    expect(person(after(give(2), give(2, false)), 2)?.rights.microphone).toBe(true);
  });

  it('in quiet ends with the quiet and leaves the one before as it was', () => {
    const during = after(give(1), { kind: 'quiet', by: 1 }, give(2));
    expect([during.floor, person(during, 1)?.hasWord]).toEqual([[2], true]);
    const over = after(give(1), { kind: 'quiet', by: 1 }, give(2), { kind: 'quiet', by: null });
    expect([over.floor, person(over, 2)?.hasWord, person(over, 1)?.hasWord]).toEqual([
      [],
      false,
      true,
    ]);
  });
});

describe('the lobby', () => {
  const waiter: Waiter = { no: 2, name: 'P2', role: 'pupil', why: 'lobby', talk: null };

  it('takes in whoever is sent back, and lets go whoever comes in', () => {
    const waiting = after({ kind: 'waiting', waiter });
    expect([waiting.waiting, person(waiting, 2)]).toEqual([[waiter], undefined]);
    const seated = after({ kind: 'waiting', waiter }, { kind: 'joined', participant: pupil(2) });
    expect([seated.waiting, seated.people.length]).toEqual([[], 2]);
  });

  it('forgets whoever was sent away', () => {
    const gone = after({ kind: 'waiting', waiter }, { kind: 'waitEnded', who: 2, by: 1 });
    expect(gone.waiting).toEqual([]);
  });
});

it('shows a message as it is now', () => {
  const hidden = line(1, { text: '', shown: 'hidden' });
  const now = after({ kind: 'chat', message: line(1) }, { kind: 'chatChanged', message: hidden });
  expect(now.chat).toEqual([hidden]);
  const unknown = after({ kind: 'chatChanged', message: line(7) });
  expect(unknown.chat).toEqual([]);
});

it('forgets an act that was taken back', () => {
  expect(after({ kind: 'acted', acted: ACTED }, { kind: 'undone', id: 5, by: 1 }).acted).toEqual([]);
});
