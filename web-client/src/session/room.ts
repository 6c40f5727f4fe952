/** The room as the view reads it, put together from the lesson and what the session holds itself. */
import type { LockKind, Participant, Role } from '../protocol';
import { local, localActed, localGroups, localRecording, localTalk, localTools } from './clock';
import type { Failure, Held, Room, Stopped } from './model';
import type { Moments } from './moments';
import { effective, hasWord, heldBy, silencedBy } from './rights';
import { person, type Lesson } from './state';

/** What the room shows that is not in the lesson. */
export interface Around {
  role: Role;
  asked: boolean;
  /** The stop whose notice was taken away. */
  stopSeen: string | null;
  speaking: number[];
  own: Room['own'];
  pictures: Room['pictures'];
  connection: Room['connection'];
  notices: readonly Failure[];
  moments: Moments;
}

/** The room, or null if the lesson does not hold this person. */
export function roomOf(lesson: Lesson, around: Around): Room | null {
  const me = person(lesson, lesson.me);
  if (!me) return null;
  const { skew, captions } = lesson;
  const { moments, stopSeen, ...rest } = around;
  return {
    ...rest,
    me: lesson.me,
    title: lesson.title,
    lesson: lesson.lesson,
    access: lesson.access,
    started: local(lesson.started, skew),
    people: lesson.people,
    count: lesson.count ?? lesson.people.length,
    rights: effective(lesson, me),
    policy: lesson.policy,
    quiet: lesson.quiet,
    paused: lesson.paused,
    silenced: silencedBy(lesson, me),
    words: lesson.people.filter((one) => hasWord(lesson, one)).map(({ no }) => no),
    held: allHeld(lesson, me),
    chat: lesson.chat,
    locks: lesson.locks,
    waiting: lesson.waiting,
    acted: localActed(lesson.acted, skew),
    groups: localGroups(lesson.groups, skew),
    poll: lesson.poll,
    votes: moments.votes(lesson.poll?.id),
    tools: localTools(lesson.tools, skew),
    talks: lesson.talks.map((talk) => localTalk(talk, skew)),
    reactions: moments.reactions,
    invited: moments.invited,
    inRoom: me.inRoom,
    recording: localRecording(lesson.recording, skew),
    recorded: lesson.recorded,
    mayBeRecorded: lesson.mayBeRecorded,
    stopped: stoppedOf(lesson, stopSeen),
    ...(captions === null ? {} : { captions: captions.join(' ') }),
  };
}

function allHeld(lesson: Lesson, me: Participant): Room['held'] {
  const held: Partial<Record<LockKind, Held>> = {};
  for (const what of Object.keys(me.rights) as LockKind[]) {
    const why = heldBy(lesson, me, what);
    if (why) held[what] = why;
  }
  return held;
}

function stoppedOf({ stopped, skew }: Lesson, seen: string | null): Stopped | null {
  if (!stopped || stopped.id === seen) return null;
  return { ...stopped, at: stopped.at + skew };
}
