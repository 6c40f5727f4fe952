import { expect, test } from 'vitest';
import type { Participant } from '../../protocol';
import type { Room } from '../../session/model';
import { CALM, pupil as person, RIGHTS } from '../../session/testing';
import { contents, handPlaces, initials, main, seated } from './seats';

function seen(no: number, more: Partial<Participant> = {}): Participant {
  return person(no, { sending: ['camera'], ...more });
}

function room(me: number, people: Participant[]): Room {
  return {
    ...CALM,
    me,
    role: 'pupil',
    title: '7b',
    lesson: 1,
    access: '',
    mayBeRecorded: false,
    asked: false,
    stopped: null,
    people,
    count: people.length,
    rights: RIGHTS,
    held: {},
    silenced: null,
    words: [],
    acted: [],
    votes: 0,
    reactions: [],
    invited: null,
    inRoom: false,
    speaking: [],
    own: { microphone: { state: 'off' }, camera: { state: 'off' }, content: { state: 'off' } },
    pictures: new Map(),
    connection: 'ok',
    notices: [],
  };
}

test('oneself sits last, all others in their order', () => {
  const order = seated(room(2, [person(1), person(2), person(3)])).map(({ no }) => no);
  expect(order).toEqual([1, 3, 2]);
});

test('whoever is in another group is not here, whoever visits is', () => {
  const people = [person(1), person(2), person(3), person(4, { role: 'teacher' })];
  const groups = { ...CALM.groups, open: true, mine: 1, members: [[1, 2], []] };
  const seen = (part: Partial<Room>) => seated({ ...room(2, people), ...part }).map(({ no }) => no);
  expect(seen({ groups })).toEqual([1, 2]);
  const visits = [{ who: 4, group: 1, listens: false, since: null }];
  expect(seen({ groups: { ...groups, visits } })).toEqual([1, 4, 2]);
  expect(seen({ groups: { ...groups, everywhere: [4] } })).toEqual([1, 4, 2]);
  expect(seen({ groups: { ...groups, open: false } })).toEqual([1, 3, 4, 2]);
});

test('in the class, whoever went into a group is not here', () => {
  const groups = { ...CALM.groups, open: true, members: [[], []] };
  const seen = (elsewhere: boolean) => {
    const people = [person(1, { elsewhere }), person(2), person(3)];
    return seated({ ...room(2, people), groups }).map(({ no }) => no);
  };
  expect(seen(true)).toEqual([3, 2]);
  expect(seen(false)).toEqual([1, 3, 2]);
});

test('a teacher in the class sees those who are in no group', () => {
  const people = [person(1), person(2), person(3), person(4, { role: 'teacher' })];
  const groups = { ...CALM.groups, open: true, members: [[1], [3]] };
  const teachers: Room = { ...room(4, people), role: 'teacher', groups };
  expect(seated(teachers).map(({ no }) => no)).toEqual([2, 4]);
});

test('pupils who look at their teacher see teachers and what is shown', () => {
  const shows = person(1, { sending: ['content'] });
  const people = [shows, person(2), person(4, { role: 'teacher' })];
  const focused = { ...room(2, people), tools: { ...CALM.tools, focus: true } };
  expect(seated(focused).map(({ no }) => no)).toEqual([4, 2]);
  expect(contents(focused)).toEqual([{ participant: 1, kind: 'content' }]);
  expect(seated({ ...focused, role: 'teacher' })).toHaveLength(3);
});

test.each([
  [[1], [1]],
  [[4, 1], [1, 4]],
  [[3], [2]],
  [[5], [2]],
])('pinned for all are %j: large are those others with a camera, in their order: %j', (spotlight, large) => {
  const people = [seen(1), seen(2, { role: 'teacher' }), seen(3), seen(4), person(5)];
  const pinned = { ...room(3, people), tools: { ...CALM.tools, spotlight } };
  expect(main(pinned, null)?.sources.map(({ participant }) => participant)).toEqual(large);
});

test('hands are numbered in the order of raising', () => {
  const places = handPlaces([person(1, { hand: 40 }), person(2), person(3, { hand: 7 })]);
  expect([...places]).toEqual([
    [3, 1],
    [1, 2],
  ]);
});

test('pupils see their teacher large whoever speaks', () => {
  const people = [seen(1), seen(2, { role: 'teacher' }), seen(3)];
  expect(main(room(3, people), 1)).toMatchObject({ sources: [{ participant: 2 }], fixed: true });
});

test('a teacher sees who spoke last large, never oneself', () => {
  const people = [seen(1), seen(2, { role: 'teacher' }), seen(3)];
  const teachers: Room = { ...room(2, people), role: 'teacher' };
  expect(main(teachers, 3)).toMatchObject({ sources: [{ participant: 3 }], fixed: false });
  expect(main(teachers, 2)?.sources[0]?.participant).toBe(1);
  expect(main(room(1, [seen(1)]), null)).toBeNull();
});

test('nobody without a camera is large', () => {
  const people = [seen(1), person(2, { role: 'teacher' }), person(3)];
  expect(main(room(3, people), 2)?.sources[0]?.participant).toBe(1);
  expect(main(room(1, people), 3)).toBeNull();
});

test("a teacher's screen stands before a pupil's", () => {
  const people = [
    person(1, { sending: ['content'] }),
    person(2, { role: 'teacher', sending: ['content'] }),
    person(3, { sending: ['content'] }),
  ];
  expect(contents(room(3, people)).map((source) => source.participant)).toEqual([2, 1]);
});

test.each([
  ['Mira', 'M'],
  ['frau Kern', 'FK'],
  ['  Änne de Vries ', 'ÄV'],
  ['', ''],
])('initials of %j', (name, letters) => {
  expect(initials(name)).toBe(letters);
});
