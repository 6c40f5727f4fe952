import { beforeEach, expect, test, vi } from 'vitest';
import type { Groups, Participant, Poll, Talk, Waiter } from '../../../protocol';
import type { Sound } from '../../../ui/sound';

// Which language is read is asked of the browser.
vi.hoisted(() => {
  vi.stubGlobal('location', { search: '' });
  vi.stubGlobal('navigator', { languages: ['en'] });
});

import { GroupNews } from './group-news';
import { GROUPS_WARN, secondsLeft, Span, Warning, wordsLeft } from './left';
import { dealt, groupless, groupOf, groupsOf, outcome } from './members';
import { answersOf, barsOf, filled } from './polls';
import { reacted, reactionOf, shown, SHOWN, type Reacted } from './reactions';
import { families, nextUp, onNow } from './talks';

function person(no: number, role: Participant['role'] = 'pupil'): Participant {
  return {
    no, role, seat: no, name: `P${no}`, online: true, locks: [], sending: [], hand: null,
    hasWord: false, inRoom: false, talk: null,
    rights: {
      microphone: true, camera: true, content: false, chat: true, privateChat: false,
      board: false, names: false, people: true, record: false, caption: false,
    },
  };
}

function groups(change: Partial<Groups> = {}): Groups {
  return {
    count: 0, choice: false, open: false, until: null, mine: null, members: [], calls: [],
    visits: [], everywhere: [], ...change,
  };
}

test.each([
  [10_000, 0, 10],
  [10_000, 9_001, 1],
  [10_000, 10_000, 0],
  [10_000, 99_000, 0],
])('until %i at %i there are %i s', (until, now, seconds) => {
  expect(secondsLeft(until, now)).toBe(seconds);
});

test.each([
  [240_000, '4 min left'],
  [181_000, '4 min left'],
  [60_000, '60 s left'],
  [61_000, '2 min left'],
  [0, '0 s left'],
])('%i ms are %s', (left, words) => {
  expect(wordsLeft(left, 0)).toBe(words);
});

test('the line runs from the first look to the end, and more time makes it longer', () => {
  const span = new Span();
  expect(span.left(1000, 0)).toBe(1);
  expect(span.left(1000, 500)).toBe(0.5);
  expect(span.left(2000, 500)).toBe(0.75);
  expect(span.left(2000, 2500)).toBe(0);
  expect(span.left(4000, 3000)).toBe(1);
});

test('a shorter end starts the line anew', () => {
  const span = new Span();
  span.left(10_000, 0);
  expect(span.left(3000, 1000)).toBe(1);
});

test('a warning comes once, and again after more time', () => {
  const warning = new Warning(60);
  const due = (until: number | null, now: number) => warning.due(until, now);
  expect(due(100, 0)).toBe(false);
  expect(due(100, 40)).toBe(true);
  expect(due(100, 50)).toBe(false);
  expect(due(200, 60)).toBe(false);
  expect(due(200, 150)).toBe(true);
  expect(due(null, 160)).toBe(false);
});

test('whoever comes late is not warned', () => {
  expect(new Warning(60).due(50, 0)).toBe(false);
});

const CLASS = [person(1, 'teacher'), person(2), person(3), person(4, 'guest'), person(5, 'observer')];

test('groups are for pupils and guests', () => {
  expect(dealt(CLASS).map(({ no }) => no)).toEqual([2, 3, 4]);
});

test('people stand in their groups, the others in none', () => {
  const now = groups({ count: 2, members: [[3, 99], []], calls: [2] });
  expect(groupsOf(now, CLASS).map(({ no, people, calls }) => [no, people.map((p) => p.no), calls]))
    .toEqual([[1, [3], false], [2, [], true]]);
  expect(groupless(now, CLASS).map(({ no }) => no)).toEqual([2, 4]);
  expect([groupOf(now, 3), groupOf(now, 2)]).toEqual([1, null]);
});

test.each([
  [27, { number: 8 }, { count: 8, small: 3, large: 4 }],
  [27, { size: 4 }, { count: 7, small: 3, large: 4 }],
  [28, { size: 4 }, { count: 7, small: 4, large: 4 }],
  [3, { number: 4 }, { count: 4, small: 0, large: 1 }],
  [27, { number: 0 }, null],
  [27, { size: Number.NaN }, null],
  [27, { number: 51 }, null],
  [200, { size: 2 }, null],
  [0, { size: 3 }, null],
])('%i people divided by %o give %o', (people, division, given) => {
  expect(outcome(people, division)).toEqual(given);
});

test('of each person the last reaction of five seconds is shown', () => {
  let list: Reacted[] = [];
  list = reacted(list, { who: 2, what: 'yes', at: 0 });
  list = reacted(list, { who: 3, what: 'lost', at: 1000 });
  list = reacted(list, { who: 2, what: 'no', at: 2000 });
  expect(list).toHaveLength(2);
  expect(reactionOf(list, 2, 2000 + SHOWN - 1)).toBe('no');
  expect(reactionOf(list, 2, 2000 + SHOWN)).toBeNull();
  expect(shown(list, 1000 + SHOWN).map(({ who }) => who)).toEqual([2]);
  expect(reacted(list, { who: 4, what: 'laugh', at: 99_000 })).toHaveLength(1);
});

function poll(options: Poll['options']): Poll {
  return {
    id: 1, question: null, options, live: false, by: 1, open: false, voted: false, result: null,
  };
}

test('answers are words, letters or what the teacher wrote', () => {
  expect(answersOf({ kind: 'yesNo' })).toEqual(['Yes', 'No']);
  expect(answersOf({ kind: 'letters', count: 4 })).toEqual(['A', 'B', 'C', 'D']);
  expect(answersOf({ kind: 'texts', texts: ['x', 'y'] })).toEqual(['x', 'y']);
  expect(answersOf({ kind: 'free' })).toEqual([]);
});

test('bars are shares of all votes', () => {
  const result = { voters: 4, counts: [3, 1], answers: [], few: true };
  expect(barsOf(poll({ kind: 'yesNo' }), result).map(({ share }) => share)).toEqual([0.75, 0.25]);
  const none = { voters: 0, counts: [], answers: [], few: true };
  expect(barsOf(poll({ kind: 'yesNo' }), none).map(({ share }) => share)).toEqual([0, 0]);
});

test('a poll of own answers needs two of them', () => {
  expect(filled([' a ', '', 'b'])).toEqual(['a', 'b']);
  expect(filled(['a', '  '])).toBeNull();
});

function talk(slot: number, begins: number, state: Talk['state'] = 'planned'): Talk {
  return { slot, begins, minutes: 10, state, until: null };
}

test('families stand in the order of the day, with a name once they are there', () => {
  const waiter: Waiter = { no: 7, name: 'Öz', role: 'guest', why: 'talk', talk: 12 };
  const there = { ...person(8, 'guest'), name: 'Berger', talk: 11 };
  const day = families(
    [talk(12, 200), talk(11, 100, 'on'), talk(13, 300)],
    [waiter, { ...waiter, no: 9 }],
    [there],
  );
  expect(day.map(({ talk: { slot }, place, name, waits }) => [slot, place, name, waits])).toEqual([
    [11, 1, 'Berger', false],
    [12, 2, 'Öz', true],
    [13, 3, null, false],
  ]);
  expect(onNow(day)?.talk.slot).toBe(11);
  expect(nextUp(day)?.talk.slot).toBe(12);
});

let heard: Sound[];
let news: GroupNews;
beforeEach(() => {
  heard = [];
  news = new GroupNews((sound) => heard.push(sound));
});

test('a listening is heard once, before it begins', () => {
  const visits = [{ who: 1, group: 2, listens: true, since: 3000 }];
  const told = groups({ count: 2, open: true, mine: 2, visits });
  news.see(groups({ count: 2, open: true, mine: 2 }), 5, 'pupil', 0);
  news.see(told, 5, 'pupil', 100);
  news.see(told, 5, 'pupil', 4000);
  expect(heard).toEqual(['listening']);
  news.see(groups({ count: 2, open: true, mine: 2 }), 5, 'pupil', 5000);
  news.see({ ...told, visits: [{ who: 1, group: 2, listens: true, since: 9000 }] }, 5, 'pupil', 6000);
  expect(heard).toEqual(['listening', 'listening']);
});

test('neither the listener nor another group hears it', () => {
  const visits = [{ who: 1, group: 2, listens: true, since: 3000 }];
  news.see(groups({ count: 2, open: true, mine: 2, visits }), 1, 'teacher', 0);
  news.see(groups({ count: 2, open: true, mine: 1, visits }), 5, 'pupil', 0);
  expect(heard).toEqual([]);
});

test('the last minute of the groups is heard', () => {
  const open = groups({ count: 2, open: true, until: 100_000 });
  news.see(open, 5, 'pupil', 0);
  news.see(open, 5, 'pupil', 100_000 - GROUPS_WARN);
  news.see(open, 5, 'pupil', 99_000);
  expect(heard).toEqual(['soon']);
});

test('a call is heard once, and by teachers alone', () => {
  const calling = groups({ count: 2, open: true, mine: 2, calls: [2] });
  news.see(calling, 1, 'teacher', 0);
  news.see(calling, 1, 'teacher', 1);
  expect(heard).toEqual(['hand']);
  new GroupNews((sound) => heard.push(sound)).see(calling, 5, 'pupil', 0);
  expect(heard).toEqual(['hand']);
});
