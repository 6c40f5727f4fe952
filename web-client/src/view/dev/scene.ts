/** A made-up lesson for looking at screens: who is in it and what is so, as the address asks. */
import type { ChatMessage, Kind, Lock, LockKind, Participant, Role, Waiter } from '../../protocol';
import type { Door, Failure, Room, Stopped, Wait } from '../../session/model';
import type { Lesson } from '../../session/state';

/** What the page asks for. */
export interface Scene {
  at: 'arriving' | 'door' | 'joining' | 'waiting' | 'room' | 'out';
  role: Role;
  /** People in the room, with oneself. */
  count: number;
  /** Whether someone shows a slide. */
  content: boolean;
  /** Of all, how many have no camera. */
  dark: number;
  link: 'personal' | 'class';
  /** Names on the roster, for a class link. */
  roster: number;
  connection: Room['connection'];
  notices: Failure[];
  reason: Failure | 'LEFT';
  chat: boolean;
  /** Whether a teacher wants quiet. */
  quiet: boolean;
  /** Whether no teacher is there, so that the lesson rests. */
  rest: boolean;
  /** What is locked for all. */
  locked: LockKind[];
  /** Who waits to be let in. */
  lobby: number;
  /** What oneself waits for, at the waiting page. */
  why: Wait['why'];
  /** Minutes by which one's talk is late. */
  late: number;
  /** Whether it is one's turn. */
  word: boolean;
  /** Whether a teacher asks one to switch the microphone on again. */
  invited: boolean;
  inRoom: boolean;
  /** Small children. */
  simple: boolean;
  /** Groups that are open; oneself is in the first. */
  groups: number;
  /** Whether oneself and every fifth is in none of them. */
  outside: boolean;
  /** How many are pinned for all. */
  spotlight: number;
  /** What a teacher has on: poll, ready, choice, timer, announce, picked, focus. */
  on: string[];
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

const WAITERS = ['Jule Sommer', 'Bilal', 'Familie von Grünberg-Oppenheim', 'Tablet 4', 'Kim'];

const TITLE = '7b · Mathematik';

/** Milliseconds between the announcement and the beginning of a recording. */
export const LEAD = 5000;

/** Number of the person who looks at the page. */
export function meIn({ role, count }: Scene): number {
  return role === 'teacher' ? 1 : Math.min(2, count);
}

export function door(scene: Scene): Door {
  const name = scene.role === 'teacher' ? 'Frau Kern' : 'Mira';
  const choose = NAMES.slice(0, scene.roster).map((one, index) => ({ id: `c${index}`, name: one }));
  return {
    title: TITLE,
    role: scene.role,
    name: scene.link === 'personal' ? name : null,
    access: 'access',
    choose: scene.roster > 0 ? choose : null,
  };
}

export function wait(scene: Scene): Wait {
  const begins = new Date(2026, 10, 23, 17, 40).getTime();
  const talk = { slot: 4, begins, minutes: 10, state: 'planned', until: null } as const;
  const talks = scene.why === 'talk';
  return {
    why: scene.why,
    title: talks ? 'Elternabend 7b' : TITLE,
    role: scene.role,
    talk: talks ? talk : null,
    expected: talks ? begins + scene.late * 60_000 : null,
    connection: scene.connection,
  };
}

/** The lesson of the scene, by a clock that goes with the local one. */
export function lesson(scene: Scene): Lesson {
  const me = meIn(scene);
  const locks: Lock[] = scene.locked.map((what) => ({ what, by: 1 }));
  const people = Array.from({ length: scene.count }, (_, index) => made(index, scene, locks));
  const teaches = scene.role === 'teacher';
  const members = Array.from({ length: scene.groups }, (_, group) =>
    people.filter(({ no }) => no > 1 && no % scene.groups === (2 + group) % scene.groups),
  );
  return {
    me,
    count: null,
    title: TITLE,
    lesson: 12,
    epoch: 1,
    seq: 0,
    skew: 0,
    access: 'access',
    started: new Date(2026, 10, 23, 9, 22).getTime(),
    people,
    chat: scene.chat ? chat(people, me) : [],
    locks,
    policy: {
      recording: true,
      attendance: true,
      keepDays: 0,
      simpleView: scene.simple,
      talks: false,
      privateChat: ['teacher'],
    },
    quiet: scene.quiet ? 1 : null,
    paused: scene.rest,
    floor: scene.word && scene.quiet ? [me] : [],
    groups: {
      count: scene.on.includes('choice') ? 4 : scene.groups,
      choice: scene.on.includes('choice'),
      open: scene.groups > 0,
      until: null,
      mine: scene.groups > 0 && !teaches && !scene.outside ? 1 : null,
      members: members.map((group, index) =>
        teaches || (index === 0 && !scene.outside) ? group.map(({ no }) => no) : [],
      ),
      calls: [],
      visits: [],
      everywhere: [],
    },
    poll: scene.on.includes('poll')
      ? {
          id: 1,
          question: 'Noch einmal üben?',
          options: { kind: 'yesNo' },
          live: false,
          by: 1,
          open: true,
          voted: false,
          result: null,
        }
      : null,
    tools: {
      spotlight: people.slice(2, 2 + scene.spotlight).map(({ no }) => no),
      focus: scene.on.includes('focus'),
      announcement: scene.on.includes('announce')
        ? { text: 'In fünf Minuten alle mit dem Atlas wieder hier.', by: 1 }
        : null,
      timer: scene.on.includes('timer') ? Date.now() + 252_000 : null,
      ready: scene.on.includes('ready') ? { by: 1, yes: [], notYet: [] } : null,
      picked: scene.on.includes('picked') ? 5 : null,
    },
    talks: [],
    waiting: teaches ? waiters(scene.lobby) : [],
    acted: [],
    captions: scene.captions
      ? ['Wir schauen uns die Parabel an: Wo liegt ihr tiefster Punkt, und woran sieht man das?']
      : null,
    mayBeRecorded: scene.consent !== 'none',
    recording: recording(scene),
    recorded: scene.recording
      ? [...(teaches ? [2, 4, 5, 7] : []), ...(scene.consent === 'yes' ? [me] : [])]
      : [],
    stopped: scene.stopped && {
      id: 'r1',
      why: scene.stopped,
      kept: true,
      at: new Date(2026, 10, 23, 9, 52).getTime(),
    },
  };
}

/** A recording that was just announced. */
export function soon(by: number): NonNullable<Room['recording']> {
  return { id: 'r1', by, running: false, since: Date.now() + LEAD };
}

function recording(scene: Scene): Room['recording'] {
  if (scene.recording === null) return null;
  const now = soon(1);
  return scene.recording === 'soon' ? now : { ...now, running: true, since: Date.now() - 724_000 };
}

function made(index: number, scene: Scene, locks: Lock[]): Participant {
  const teacher = index === 0;
  const no = index + 1;
  const mine = no === meIn(scene);
  const role: Role = mine ? scene.role : teacher ? 'teacher' : 'pupil';
  const hand: Record<number, number> = { 5: 11, 9: 12, 14: 13 };
  const held = role === 'pupil' || role === 'guest' ? locks : [];
  const free = (what: LockKind) => !held.some((lock) => lock.what === what);
  return {
    no,
    seat: null,
    name: teacher ? 'Frau Kern' : (NAMES[index - 1] ?? `Gast ${no}`),
    role,
    online: no !== 7,
    rights: {
      microphone: free('microphone') && role !== 'observer',
      camera: free('camera') && role !== 'observer',
      content: role === 'teacher' || role === 'presenter',
      chat: free('chat'),
      privateChat: free('privateChat'),
      board: free('board'),
      names: free('names'),
      people: true,
      record: teacher,
      caption: teacher,
    },
    locks: held,
    sending: sending(no, mine, teacher, scene).filter((kind) => !held.some(({ what }) => what === kind)),
    hand: isElsewhere(no, scene) ? null : (hand[no] ?? null),
    hasWord: mine && scene.word,
    inRoom: mine && scene.inRoom,
    talk: null,
    elsewhere: isElsewhere(no, scene),
  };
}

function sending(no: number, mine: boolean, teacher: boolean, scene: Scene): Kind[] {
  if ((mine && scene.role === 'observer') || isElsewhere(no, scene)) return [];
  const camera = mine ? scene.dark < scene.count : no <= scene.count - scene.dark;
  const silent = scene.word || scene.invited || scene.inRoom || (scene.quiet && scene.role !== 'teacher');
  const microphone = mine ? camera && !silent : teacher || no === 4;
  return [
    ...(microphone ? (['microphone'] as const) : []),
    ...(camera ? (['camera'] as const) : []),
    ...(teacher && scene.content ? (['content'] as const) : []),
  ];
}

/** Whether the person went into a group while one is in none. */
function isElsewhere(no: number, scene: Scene): boolean {
  return scene.outside && no !== meIn(scene) && no > 1 && no % 5 > 0;
}

function waiters(count: number): Waiter[] {
  return WAITERS.slice(0, count).map((name, index) => ({
    no: 101 + index,
    name,
    role: index === 2 ? 'guest' : 'pupil',
    why: 'lobby',
    talk: null,
  }));
}

function chat(people: Participant[], me: number): ChatMessage[] {
  const lines: [string, Partial<ChatMessage>][] = [
    ['Guten Morgen, das Arbeitsblatt liegt auf https://schule.example/blatt-7.', {}],
    ['Danke. Ist Aufgabe 3b auch dran?', { edited: true }],
    ['', { shown: 'hidden' }],
    ['Kannst du gleich an die Tafel kommen?', { from: 1, to: { person: 2 } }],
    ['', { shown: 'deleted' }],
    ['Ja, bis Donnerstag.', { from: me }],
  ];
  return lines.map(([text, part], index) => ({
    id: index + 1,
    from: people[index % people.length]?.no ?? 1,
    to: null,
    text,
    at: new Date(2026, 10, 23, 9, 24 + index).getTime(),
    edited: false,
    shown: 'shown' as const,
    ...part,
  }));
}
