import { expect, test } from 'vitest';
import type { Participant } from '../../protocol';
import type { Room } from '../../session/model';
import { contents, handPlaces, initials, main, seated } from './seats';

function person(no: number, more: Partial<Participant> = {}): Participant {
  return {
    no,
    name: `P${no}`,
    role: 'pupil',
    online: true,
    rights: { microphone: true, camera: true, content: false, chat: true },
    locks: [],
    sending: [],
    hand: null,
    ...more,
  };
}

function seen(no: number, more: Partial<Participant> = {}): Participant {
  return person(no, { sending: ['camera'], ...more });
}

function room(me: number, people: Participant[]): Room {
  return {
    me,
    role: 'pupil',
    title: '7b',
    lesson: 1,
    access: '',
    recording: null,
    recorded: [],
    mayBeRecorded: false,
    asked: false,
    stopped: null,
    started: 0,
    people,
    chat: [],
    locks: [],
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

test('hands are numbered in the order of raising', () => {
  const places = handPlaces([person(1, { hand: 40 }), person(2), person(3, { hand: 7 })]);
  expect([...places]).toEqual([
    [3, 1],
    [1, 2],
  ]);
});

test('pupils see their teacher large whoever speaks', () => {
  const people = [seen(1), seen(2, { role: 'teacher' }), seen(3)];
  expect(main(room(3, people), 1)).toMatchObject({ source: { participant: 2 }, fixed: true });
});

test('a teacher sees who spoke last large, never oneself', () => {
  const people = [seen(1), seen(2, { role: 'teacher' }), seen(3)];
  const teachers: Room = { ...room(2, people), role: 'teacher' };
  expect(main(teachers, 3)).toMatchObject({ source: { participant: 3 }, fixed: false });
  expect(main(teachers, 2)?.source.participant).toBe(1);
  expect(main(room(1, [seen(1)]), null)).toBeNull();
});

test('nobody without a camera is large', () => {
  const people = [seen(1), person(2, { role: 'teacher' }), person(3)];
  expect(main(room(3, people), 2)?.source.participant).toBe(1);
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
