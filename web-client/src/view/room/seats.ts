/**
 * Who stands where. Invariant: the order is the seating plan; speaking, hands and cameras never
 * change it. The own tile is always last.
 */
import type { Kind, Participant, Waiter } from '../../protocol';
import { pictureKey, type Room } from '../../session/model';

/** A picture that a layout can show: whose and which. */
export interface Source {
  participant: number;
  kind: 'camera' | 'content';
}

/** Key of a source, the same as in `Room.pictures`. */
export function keyOf(source: Source): string {
  return pictureKey(source.participant, source.kind);
}

/** Everyone who is seen and heard here, in seating order, oneself last. */
export function seated(room: Room): Participant[] {
  return everyone(room).filter((person) => isHere(room, person));
}

/** Everyone in the lesson, in seating order, oneself last. */
export function everyone(room: Room): Participant[] {
  const others = room.people.filter((person) => person.no !== room.me);
  const me = room.people.find((person) => person.no === room.me);
  return me ? [...others, me] : others;
}

/** Who waits for a teacher to let them in. */
export function lobby(room: Room): Waiter[] {
  return room.waiting.filter((waiter) => waiter.why === 'lobby');
}

/**
 * Whether a person is seen and heard here: in one's own group while groups are open, and only
 * teachers for a class that is to look at its teacher. Of others the server sends nothing.
 */
export function isHere(room: Room, person: Participant): boolean {
  if (person.no === room.me) return true;
  const { groups, tools } = room;
  const watched = room.role === 'pupil' || room.role === 'guest';
  if (tools.focus && watched && (person.role === 'pupil' || person.role === 'guest')) return false;
  if (!groups.open || groups.everywhere.includes(person.no)) return true;
  if (person.elsewhere) return false;
  const visit = groups.visits.find((one) => one.who === person.no && !one.listens);
  const theirs = groups.members.findIndex((members) => members.includes(person.no)) + 1;
  const place = visit?.group ?? (theirs > 0 ? theirs : null);
  if (groups.mine !== null) return place === groups.mine;
  // In the class others' groups are told to teachers only; whoever is in one is not here.
  return place === null;
}

/** Whether a person sends a picture of that kind. One's own camera counts once it delivers. */
export function sends(room: Room, person: Participant, kind: Kind): boolean {
  if (person.no === room.me && kind === 'camera') return room.own.camera.state === 'on';
  return person.sending.includes(kind);
}

/** The picture of a source if it may be shown now. */
export function picture(room: Room, source: Source): MediaStream | null {
  if (source.participant === room.me) {
    const own = source.kind === 'camera' ? room.own.camera : room.own.content;
    return own.state === 'on' ? own.stream : null;
  }
  return room.pictures.get(keyOf(source)) ?? null;
}

/** Those whose hand is up, first come first. */
export function hands(people: Participant[]): Participant[] {
  return people
    .filter((person) => person.hand !== null)
    .sort((one, other) => (one.hand ?? 0) - (other.hand ?? 0));
}

/** Place in the queue of hands, from 1, by number of the person. */
export function handPlaces(people: Participant[]): ReadonlyMap<number, number> {
  return new Map(hands(people).map((person, index) => [person.no, index + 1]));
}

/** Screens and documents of others, the teacher's first. */
export function contents(room: Room): Source[] {
  return room.people
    .filter((person) => person.no !== room.me && person.sending.includes('content'))
    .filter((person) => isHere({ ...room, tools: { ...room.tools, focus: false } }, person))
    .sort((one, other) => rank(one) - rank(other))
    .map((person) => ({ participant: person.no, kind: 'content' }));
}

/** Who is shown large if nobody is chosen. */
export interface Main {
  /** At least one, in seating order. */
  sources: Source[];
  /** The person stays large whoever speaks, and so needs no seat among the others. */
  fixed: boolean;
}

/**
 * The large place: those who are pinned for all; else for everyone their teacher, for a teacher
 * whoever spoke last. Only a camera makes someone large: without one there is nothing to see, and
 * a dark box tells less than a list.
 */
export function main(room: Room, spoke: number | null): Main | null {
  const others = room.people.filter(
    (person) =>
      person.no !== room.me && person.sending.includes('camera') && isHere(room, person),
  );
  const pinned = others.filter((person) => room.tools.spotlight.includes(person.no));
  if (pinned.length > 0) return { sources: pinned.map(camera), fixed: false };
  const teacher =
    room.role === 'teacher' ? undefined : others.find((person) => person.role === 'teacher');
  const chosen = teacher ?? others.find((person) => person.no === spoke) ?? others[0];
  if (!chosen) return null;
  return {
    sources: [camera(chosen)],
    fixed: teacher !== undefined || others.length === 1,
  };
}

function camera({ no }: Participant): Source {
  return { participant: no, kind: 'camera' };
}

/** Letters that stand for a picture: of the first and the last part of the name. */
export function initials(name: string): string {
  const parts = name.trim().split(/\s+/u);
  const ends = parts.length > 1 ? [parts[0], parts[parts.length - 1]] : parts;
  return ends.map((part) => [...(part ?? '')][0]?.toLocaleUpperCase() ?? '').join('');
}

function rank(person: Participant): number {
  return person.role === 'teacher' ? 0 : person.role === 'presenter' ? 1 : 2;
}
