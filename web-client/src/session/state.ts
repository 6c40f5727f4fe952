/**
 * The lesson as this person may know it: a plain value, changed only by what the server says.
 *
 * Invariant: `seq` is the sequence of the last event that the value contains, so a client that
 * comes back asks for everything since it. Left out: connection, devices and pictures.
 */
import type {
  ChatMessage,
  Joined,
  Kind,
  LessonEvent,
  Lock,
  Participant,
  RecordingNow,
  RecordingStopped,
  Stamped,
} from '../protocol';

/** What the server has told so far. */
export interface Lesson {
  me: number;
  title: string;
  /** Which sitting of the room. */
  lesson: number;
  epoch: number;
  seq: number;
  /** In the server's milliseconds since 1970. */
  started: number;
  /** The local clock less the server's, in milliseconds. */
  skew: number;
  /** In seating order. */
  people: Participant[];
  chat: ChatMessage[];
  /** Locks that hold for all pupils and guests. */
  locks: Lock[];
  mayBeRecorded: boolean;
  /** Opens recordings of the room by HTTP. */
  access: string;
  /** The recording that is announced or runs; times are the server's. */
  recording: RecordingNow | null;
  /** Who is in it, as far as this person may know. */
  recorded: number[];
  /** The recording that stopped last, and when by the server's clock. */
  stopped: (RecordingStopped & { at: number }) | null;
}

/** Messages kept for the chat panel; older ones are dropped first. */
const CHAT_KEPT = 2_000;

/** The lesson after a `joined`, or null if the reply does not fit what is known: ask without `since`. */
export function joined(before: Lesson | null, reply: Joined, now: number): Lesson | null {
  const head = {
    me: reply.you,
    title: reply.title,
    lesson: reply.lesson,
    epoch: reply.epoch,
    skew: now - reply.now,
    mayBeRecorded: reply.mayBeRecorded,
    access: reply.access,
  };
  if (reply.snapshot) {
    const { participants, ...rest } = reply.snapshot;
    const stopped = before?.lesson === reply.lesson ? before.stopped : null;
    return { ...head, ...rest, seq: reply.seq, people: seated(participants), stopped };
  }
  if (!before || before.lesson !== reply.lesson) return null;
  let lesson: Lesson | null = { ...before, ...head };
  for (const stamped of reply.missed) {
    lesson = happened(lesson, stamped);
    if (!lesson) return null;
  }
  return { ...lesson, seq: reply.seq };
}

/** The lesson after an event; null if an event is missing in between. */
export function happened(lesson: Lesson, { seq, at, event }: Stamped): Lesson | null {
  if (seq <= lesson.seq) return lesson;
  if (seq > lesson.seq + 1) return null;
  return { ...apply(lesson, event, at), seq };
}

/** The participant with this number. */
export function person(lesson: Lesson, no: number): Participant | undefined {
  return lesson.people.find((one) => one.no === no);
}

function apply(lesson: Lesson, event: LessonEvent, at: number): Lesson {
  switch (event.kind) {
    case 'joined': {
      const others = lesson.people.filter((one) => one.no !== event.participant.no);
      return { ...lesson, people: seated([...others, event.participant]) };
    }
    case 'left':
    case 'removed':
      return {
        ...lesson,
        people: lesson.people.filter((one) => one.no !== event.who),
        recorded: lesson.recorded.filter((no) => no !== event.who),
      };
    case 'online':
      return change(lesson, event.who, { online: event.online });
    case 'sending':
      return change(lesson, event.who, (one) => ({
        sending: switched(one.sending, event.source, event.on),
      }));
    case 'rights':
      return change(lesson, event.who, { rights: event.rights, locks: event.locks });
    case 'locks':
      return { ...lesson, locks: event.locks };
    case 'hand':
      return change(lesson, event.who, { hand: event.hand });
    case 'chat': {
      if (lesson.chat.some((one) => one.id === event.message.id)) return lesson;
      return { ...lesson, chat: [...lesson.chat, event.message].slice(-CHAT_KEPT) };
    }
    case 'recording': {
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
    case 'recorded': {
      const others = lesson.recorded.filter((no) => no !== event.who);
      return { ...lesson, recorded: event.on ? [...others, event.who] : others };
    }
    case 'ended':
      return lesson;
    default:
      // A newer server may tell of things that this client does not know: they still count.
      return lesson;
  }
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

function seated(people: Participant[]): Participant[] {
  return [...people].sort((a, b) => a.no - b.no);
}
