/**
 * The lesson as this person may know it: a plain value, changed only by what the server says.
 *
 * Invariant: `seq` is the sequence of the last event that the value contains, so a client that
 * comes back asks for everything since it. Left out: connection, devices and pictures.
 */
import type {
  Acted,
  Joined,
  Participant,
  RecordingStopped,
  Snapshot,
  Stamped,
} from '../protocol';
import { apply, merged } from './events';

/** What the server has told so far. All times are the server's, in milliseconds since 1970. */
export interface Lesson extends Omit<Snapshot, 'participants'> {
  me: number;
  title: string;
  /** Which sitting of the room. */
  lesson: number;
  epoch: number;
  seq: number;
  /** The local clock less the server's, in milliseconds. */
  skew: number;
  /** All of whom this person is told, in seating order. */
  people: Participant[];
  /** How many people there are, if this person is not told of each. */
  count: number | null;
  mayBeRecorded: boolean;
  /** Opens recordings and attendance of the room by HTTP. */
  access: string;
  /** The recording that stopped last, and when. */
  stopped: (RecordingStopped & { at: number }) | null;
  /** Who was let speak since it is quiet. */
  floor: number[];
  /** What teachers did of late, as far as it was not taken back. Of those, some are too old. */
  acted: Acted[];
  /** The last lines of captions; null: none has come yet. */
  captions: string[] | null;
}

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
    count: reply.count ?? null,
  };
  if (reply.snapshot) {
    const { participants, ...rest } = reply.snapshot;
    const kept = before?.lesson === reply.lesson ? before : null;
    return {
      ...head,
      ...rest,
      seq: reply.seq,
      people: merged([], participants),
      stopped: kept?.stopped ?? null,
      floor: kept && kept.quiet === rest.quiet ? kept.floor : [],
      acted: kept?.acted ?? [],
      captions: kept?.captions ?? null,
    };
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

/** The lesson with another number of people; a number for whoever is told of each is an old one. */
export function counted(lesson: Lesson, people: number): Lesson {
  return lesson.count === null ? lesson : { ...lesson, count: people };
}

/** The participant with this number. */
export function person(lesson: Lesson, no: number): Participant | undefined {
  return lesson.people.find((one) => one.no === no);
}
