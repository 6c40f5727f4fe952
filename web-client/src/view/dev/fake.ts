/**
 * A made-up session for looking at screens without a server: `/ui.html?role=pupil&count=9`.
 * It answers commands as the server would, but knows nobody else. Not part of the built client.
 */
import type { Kind, Lock, LockKind, Participant, Role } from '../../protocol';
import {
  pictureKey,
  type Failure,
  type Phase,
  type Room,
  type Session,
  type Stopped,
} from '../../session/model';
import { face, slide } from './pictures';

/** What the page asks for. */
export interface Scene {
  at: 'arriving' | 'door' | 'joining' | 'room' | 'out';
  role: Role;
  /** People in the room, with oneself. */
  count: number;
  /** Whether someone shows a slide. */
  content: boolean;
  /** Of all, how many have no camera. */
  dark: number;
  link: 'personal' | 'class';
  connection: Room['connection'];
  notices: Failure[];
  reason: Failure | 'LEFT';
  chat: boolean;
  /** Whether it is quiet: microphones and chat of all are locked. */
  quiet: boolean;
  /** Whether the line pauses every third picture. */
  paused: boolean;
  captions: boolean;
  recording: 'soon' | 'runs' | null;
  /** Whether oneself may be recorded, and then what one said. */
  consent: 'none' | 'asked' | 'yes' | 'no';
  stopped: Stopped['why'] | null;
}

const NAMES = [
  'Mira', 'Jonas', 'Leyla', 'Ben', 'Emma', 'Noah', 'Amira', 'Paul', 'Lina', 'Finn', 'Sofia', 'Emil',
  'Ada', 'Oskar', 'Ida', 'Theo', 'Nour', 'Luis', 'Mia', 'Can', 'Greta', 'Max', 'Zoe', 'Tim',
  'Hanna', 'Ali', 'Ella', 'Jan', 'Maximilian-Alexander', 'Yusuf',
];

/** What others do: only here, on a page for looking. */
export interface Others {
  raiseHand(no: number): void;
}

export function fakeSession(scene: Scene): Session & Others {
  let observer: (phase: Phase) => void = () => undefined;
  let phase = start(scene);

  function become(next: Phase) {
    phase = next;
    observer(phase);
  }

  function change(make: (room: Room) => Partial<Room>) {
    if (phase.at !== 'room') return;
    become({ at: 'room', room: { ...phase.room, ...make(phase.room) } });
  }

  function person(no: number, make: (person: Participant) => Partial<Participant>) {
    change((room) => ({
      people: room.people.map((one) => (one.no === no ? { ...one, ...make(one) } : one)),
    }));
  }

  function source(kind: 'microphone' | 'camera' | 'content', on: boolean) {
    change((room) => {
      const stream = kind === 'content' ? slide() : face(room.me);
      return { own: { ...room.own, [kind]: on ? { state: 'on', stream } : { state: 'off' } } };
    });
    if (phase.at === 'room') {
      person(phase.room.me, (one) => ({ sending: switched(one.sending, kind, on) }));
    }
  }

  function locked(locks: Lock[], what: LockKind, on: boolean): Lock[] {
    const others = locks.filter((lock) => lock.what !== what);
    return on ? [...others, { what, by: 1 }] : others;
  }

  function record(on: boolean) {
    change((room) => {
      const { recording, me } = room;
      if (on) return { recording: soon(me), stopped: null };
      const stopped = recording && { id: 'r1', why: 'ordered' as const, kept: recording.running };
      return { recording: null, recorded: [], stopped: stopped && { ...stopped, at: Date.now() } };
    });
    if (!on) return;
    setTimeout(() => {
      change(({ recording }) => ({ recording: recording && { ...recording, running: true } }));
    }, LEAD);
  }

  return {
    subscribe(callback) {
      observer = callback;
      callback(phase);
      return () => (observer = () => undefined);
    },
    join: () => become(start({ ...scene, at: 'room' })),
    retry: () => become(start({ ...scene, at: 'room', connection: 'ok' })),
    setMicrophone: (on) => source('microphone', on),
    setCamera: (on) => source('camera', on),
    setContent: (on) => source('content', on),
    chooseDevices: () => undefined,
    look: (wishes) => console.debug('look', wishes),
    hand: (up) => {
      if (phase.at === 'room') person(phase.room.me, () => ({ hand: up ? 99 : null }));
    },
    raiseHand: (no) => person(no, () => ({ hand: 50 + no })),
    lowerHand: (who) => person(who, () => ({ hand: null })),
    chat: (text) =>
      change((room) => ({
        chat: [...room.chat, { id: room.chat.length + 1, from: room.me, text, at: Date.now() }],
      })),
    mute: (who, kind) => person(who, (one) => ({ sending: switched(one.sending, kind, false) })),
    lock: (who, what, on) => {
      if (who === null) change((room) => ({ locks: locked(room.locks, what, on) }));
      else person(who, (one) => ({ locks: locked(one.locks, what, on) }));
    },
    remove: (who) => change((room) => ({ people: room.people.filter(({ no }) => no !== who) })),
    record,
    recordConsent: (given) =>
      change(({ me, recorded }) => ({
        asked: false,
        recorded: [...recorded.filter((no) => no !== me), ...(given ? [me] : [])],
      })),
    dismissStopped: () => change(() => ({ stopped: null })),
    leave: () => become({ at: 'out', reason: 'LEFT', past: past(scene) }),
    endForAll: () => become({ at: 'out', reason: 'LESSON_ENDED', past: past(scene) }),
    dismiss: (failure) =>
      change((room) => ({ notices: room.notices.filter((one) => one !== failure) })),
  };
}

function switched(sending: Kind[], kind: Kind, on: boolean): Kind[] {
  const others = sending.filter((one) => one !== kind);
  return on ? [...others, kind] : others;
}

/** Milliseconds between the announcement and the beginning. */
const LEAD = 5000;

function soon(by: number): NonNullable<Room['recording']> {
  return { id: 'r1', by, running: false, since: Date.now() + LEAD };
}

function recording(scene: Scene): Room['recording'] {
  if (scene.recording === null) return null;
  const now = soon(1);
  return scene.recording === 'soon' ? now : { ...now, running: true, since: Date.now() - 724_000 };
}

function past({ role }: Scene) {
  return { role, lesson: 12, access: 'access' };
}

function start(scene: Scene): Phase {
  const name = scene.role === 'teacher' ? 'Frau Kern' : 'Mira';
  const door = {
    title: '7b · Mathematik',
    role: scene.role,
    name: scene.link === 'personal' ? name : null,
    access: 'access',
  };
  switch (scene.at) {
    case 'arriving':
      return { at: 'arriving' };
    case 'door':
    case 'joining':
      return { at: scene.at, door };
    case 'out':
      return { at: 'out', reason: scene.reason, past: past(scene) };
    case 'room':
      return { at: 'room', room: room(scene) };
  }
}

function room(scene: Scene): Room {
  const people = Array.from({ length: scene.count }, (_, index) => made(index, scene));
  const me = scene.role === 'teacher' ? 1 : Math.min(2, scene.count);
  const mine = people.find((one) => one.no === me);
  if (mine) {
    mine.role = scene.role;
    if (scene.role === 'presenter') mine.rights = { ...mine.rights, content: true };
    const camera = scene.dark < scene.count && scene.role !== 'observer';
    mine.sending = camera ? ['microphone', 'camera'] : [];
  }
  const pictures = new Map<string, MediaStream>();
  for (const one of people) {
    if (one.sending.includes('camera')) {
      pictures.set(pictureKey(one.no, 'camera'), face(one.no));
    }
    if (one.sending.includes('content')) pictures.set(pictureKey(one.no, 'content'), slide());
  }
  const on = mine?.sending.includes('camera') === true;
  const locks: Lock[] = scene.quiet
    ? [
        { what: 'microphone', by: 1 },
        { what: 'chat', by: 1 },
      ]
    : [];
  const silenced = scene.quiet && mine?.role === 'pupil';
  if (mine && silenced) {
    mine.locks = locks;
    mine.rights = { ...mine.rights, microphone: false, chat: false };
    mine.sending = mine.sending.filter((kind) => kind !== 'microphone');
  }
  return {
    me,
    role: scene.role,
    title: '7b · Mathematik',
    lesson: 12,
    access: 'access',
    recording: recording(scene),
    recorded: scene.recording
      ? [
          ...(scene.role === 'teacher' ? [2, 4, 5, 7] : []),
          ...(scene.consent === 'yes' ? [me] : []),
        ]
      : [],
    mayBeRecorded: scene.consent !== 'none',
    asked: scene.recording !== null && scene.consent === 'asked',
    stopped: scene.stopped && {
      id: 'r1',
      why: scene.stopped,
      kept: true,
      at: new Date(2026, 10, 23, 9, 52).getTime(),
    },
    started: new Date(2026, 10, 23, 9, 22).getTime(),
    people,
    chat: scene.chat ? chat(people) : [],
    locks,
    speaking: scene.count > 3 ? [4] : [],
    own: {
      microphone: silenced
        ? { state: 'locked', by: 1 }
        : on
          ? { state: 'on', stream: new MediaStream() }
          : { state: 'off' },
      camera: on ? { state: 'on', stream: face(me) } : { state: 'off' },
      content: { state: 'off' },
    },
    pictures,
    ...(scene.paused && {
      paused: new Set(people.filter(({ no }) => no % 3 === 0).map(({ no }) => pictureKey(no, 'camera'))),
    }),
    ...(scene.captions && {
      captions: 'Wir schauen uns die Parabel an: Wo liegt ihr tiefster Punkt, und woran sieht man das?',
    }),
    connection: scene.connection,
    notices: scene.notices,
  };
}

function made(index: number, scene: Scene): Participant {
  const teacher = index === 0;
  const no = index + 1;
  const hand: Record<number, number> = { 5: 11, 9: 12, 14: 13 };
  const sending: Kind[] = [];
  if (teacher || no === 4) sending.push('microphone');
  if (no <= scene.count - scene.dark) sending.push('camera');
  if (teacher && scene.content) sending.push('content');
  return {
    no,
    name: teacher ? 'Frau Kern' : (NAMES[index - 1] ?? `Gast ${no}`),
    role: teacher ? 'teacher' : 'pupil',
    online: no !== 7,
    rights: { microphone: true, camera: true, content: teacher, chat: true },
    locks: [],
    sending,
    hand: hand[no] ?? null,
  };
}

function chat(people: Participant[]) {
  const texts = [
    'Guten Morgen, das Arbeitsblatt liegt auf https://schule.example/blatt-7.',
    'Danke. Ist Aufgabe 3b auch dran?',
    'Ja, bis Donnerstag.',
  ];
  return texts.map((text, index) => ({
    id: index + 1,
    from: people[index % people.length]?.no ?? 1,
    text,
    at: new Date(2026, 10, 23, 9, 24 + index).getTime(),
  }));
}
