/**
 * What each event of a lesson changes. Pure; the order of events is watched in state.ts.
 *
 * Left out: what an event means for the own devices (stay.ts).
 */
import type { Kind, LessonEvent, Participant } from '../protocol';
import { withWord } from './rights';
import type { Lesson } from './state';

/** Messages kept for the chat panel; older ones are dropped first. */
const CHAT_KEPT = 2_000;
/** Acts of teachers that are remembered; the server lets them be undone for seconds only. */
const ACTS_KEPT = 20;
/** Lines of captions that may be on the screen. */
const LINES_KEPT = 2;

/** The lesson after an event, which happened at `at` by the server's clock. */
export function apply(lesson: Lesson, event: LessonEvent, at: number): Lesson {
  switch (event.kind) {
    case 'joined': {
      const { participant } = event;
      const waiting = lesson.waiting.filter((one) => one.no !== participant.no);
      return { ...lesson, people: merged(lesson.people, [participant]), waiting };
    }
    case 'left':
    case 'removed':
      return without(lesson, event.who);
    case 'online':
      return change(lesson, event.who, { online: event.online });
    case 'sending':
      return change(lesson, event.who, (one) => ({
        sending: switched(one.sending, event.source, event.on),
      }));
    case 'rights': {
      const seen = noticed(lesson, event.people);
      return change(seen, event.who, { rights: event.rights, locks: event.locks });
    }
    case 'locks':
      return { ...noticed(lesson, event.people), locks: event.locks };
    case 'hand':
      return change(lesson, event.who, { hand: event.hand });
    case 'renamed':
      return change(lesson, event.who, { name: event.name });
    case 'letSpeak':
      return letSpeak(lesson, event.who, event.on);
    case 'inRoom':
      return change(lesson, event.who, { inRoom: event.on });
    case 'quiet':
      return { ...lesson, quiet: event.by, floor: [] };
    case 'paused':
      return { ...lesson, paused: event.on };
    case 'policy':
      return { ...lesson, policy: event.policy };
    case 'chat':
    case 'chatChanged':
    case 'caption':
      return written(lesson, event);
    case 'acted':
    case 'undone':
    case 'waiting':
    case 'waitEnded':
      return forTeachers(lesson, event);
    case 'groups':
      return regrouped(lesson, event);
    case 'people':
      return { ...noticed(lesson, event.people), count: event.count };
    case 'poll':
      return { ...lesson, poll: event.poll };
    case 'talks':
      return { ...lesson, talks: event.talks };
    case 'tools':
      return { ...lesson, tools: event.tools };
    case 'recording':
    case 'recorded':
      return recorded(lesson, event, at);
    case 'invited':
    case 'erased':
    case 'ended':
      return lesson;
    default:
      // A newer server may tell of things that this client does not know: they still count.
      return lesson;
  }
}

/**
 * People in seating order: the roster's, then as they came. Everyone of `fresh` is as they are
 * there, the others stay as they were.
 */
export function merged(people: readonly Participant[], fresh: readonly Participant[]): Participant[] {
  const known = new Set(fresh.map((one) => one.no));
  const all = [...people.filter((one) => !known.has(one.no)), ...fresh];
  return all.sort((a, b) => place(a) - place(b) || a.no - b.no);
}

/** Whoever is not on the roster comes after those who are. */
function place({ seat }: Participant): number {
  return seat ?? Number.MAX_SAFE_INTEGER;
}

type Of<K extends LessonEvent['kind']> = Extract<LessonEvent, { kind: K }>;

function written(lesson: Lesson, event: Of<'chat' | 'chatChanged' | 'caption'>): Lesson {
  switch (event.kind) {
    case 'chat': {
      if (lesson.chat.some((one) => one.id === event.message.id)) return lesson;
      return { ...lesson, chat: [...lesson.chat, event.message].slice(-CHAT_KEPT) };
    }
    case 'chatChanged': {
      const { message } = event;
      const chat = lesson.chat.map((one) => (one.id === message.id ? message : one));
      return { ...lesson, chat };
    }
    case 'caption': {
      const lines = [...(lesson.captions ?? []), event.text];
      return { ...lesson, captions: lines.slice(-LINES_KEPT) };
    }
  }
}

/**
 * Of whoever is not around nothing is told any more: the name stays, what they did last goes, as in
 * the list that a snapshot tells. Everyone of `around` is as they are there.
 */
function regrouped(lesson: Lesson, { groups, around, whole }: Of<'groups'>): Lesson {
  const gone = { sending: [], hand: null, hasWord: false, elsewhere: true };
  const others = whole ? [] : lesson.people.map((one) => ({ ...one, ...gone }));
  return { ...lesson, groups, people: merged(others, around) };
}

function forTeachers(
  lesson: Lesson,
  event: Of<'acted' | 'undone' | 'waiting' | 'waitEnded'>,
): Lesson {
  switch (event.kind) {
    case 'acted':
      return { ...lesson, acted: [...lesson.acted, event.acted].slice(-ACTS_KEPT) };
    case 'undone':
      return { ...lesson, acted: lesson.acted.filter((one) => one.id !== event.id) };
    case 'waiting': {
      // Whoever was sent back to the lobby sits here no longer.
      const { waiting, ...rest } = without(lesson, event.waiter.no);
      return { ...rest, waiting: [...waiting, event.waiter] };
    }
    case 'waitEnded':
      return { ...lesson, waiting: lesson.waiting.filter((one) => one.no !== event.who) };
  }
}

function recorded(lesson: Lesson, event: Of<'recording' | 'recorded'>, at: number): Lesson {
  if (event.kind === 'recorded') {
    const others = lesson.recorded.filter((no) => no !== event.who);
    return { ...lesson, recorded: event.on ? [...others, event.who] : others };
  }
  const { recording, stopped } = event;
  // Who is in one recording is not in the next by that.
  const same = recording !== null && recording.id === lesson.recording?.id;
  return {
    ...lesson,
    recording,
    recorded: same ? lesson.recorded : [],
    stopped: stopped ? { ...stopped, at } : recording ? null : lesson.stopped,
  };
}

/** While it is quiet, the word is one for the quiet and ends with it. */
function letSpeak(lesson: Lesson, who: number, on: boolean): Lesson {
  if (lesson.quiet === null) {
    return change(lesson, who, (one) => ({ hasWord: on, rights: withWord(one, on) }));
  }
  const others = lesson.floor.filter((no) => no !== who);
  return { ...lesson, floor: on ? [...others, who] : others };
}

function without(lesson: Lesson, who: number): Lesson {
  return {
    ...lesson,
    people: lesson.people.filter((one) => one.no !== who),
    recorded: lesson.recorded.filter((no) => no !== who),
    floor: lesson.floor.filter((no) => no !== who),
    // Somebody removed from the lobby never had a seat.
    waiting: lesson.waiting.filter((one) => one.no !== who),
  };
}

function noticed(lesson: Lesson, people: readonly Participant[] | null): Lesson {
  return people ? { ...lesson, people: merged([], people) } : lesson;
}

type Change = Partial<Participant> | ((one: Participant) => Partial<Participant>);

function change(lesson: Lesson, no: number, change: Change): Lesson {
  const people = lesson.people.map((one) =>
    one.no === no ? { ...one, ...(typeof change === 'function' ? change(one) : change) } : one,
  );
  return { ...lesson, people };
}

function switched(sending: Kind[], kind: Kind, on: boolean): Kind[] {
  const others = sending.filter((one) => one !== kind);
  return on ? [...others, kind] : others;
}
