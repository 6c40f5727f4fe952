/**
 * Who is in which group, as a teacher sees it, and how a class divides.
 * Invariant: only pupils and guests are dealt into groups; a number whose person has left is no
 * member any more. Groups count from 1.
 */
import type { Groups, Participant } from '../../../protocol';

/** Most groups of a lesson. */
export const MAX_GROUPS = 50;

/** One group with its people in seating order. */
export interface Group {
  no: number;
  people: Participant[];
  calls: boolean;
}

/** Those whom groups are for. */
export function dealt(people: readonly Participant[]): Participant[] {
  return people.filter(({ role }) => role === 'pupil' || role === 'guest');
}

/** The groups with the people in them. */
export function groupsOf(groups: Groups, people: readonly Participant[]): Group[] {
  return Array.from({ length: groups.count }, (_, index) => {
    const members = groups.members[index] ?? [];
    return {
      no: index + 1,
      people: people.filter(({ no }) => members.includes(no)),
      calls: groups.calls.includes(index + 1),
    };
  });
}

/** Those who are in no group. */
export function groupless(groups: Groups, people: readonly Participant[]): Participant[] {
  const placed = new Set(groups.members.flat());
  return dealt(people).filter(({ no }) => !placed.has(no));
}

/** In which group somebody is; null: in none. */
export function groupOf(groups: Groups, who: number): number | null {
  const index = groups.members.findIndex((members) => members.includes(who));
  return index === -1 ? null : index + 1;
}

/** How a class is divided. */
export type Division = { number: number } | { size: number };

/** What a division gives: how many groups, and their smallest and largest size. */
export interface Outcome {
  count: number;
  small: number;
  large: number;
}

/** What dividing so many people gives; null if it cannot be done. */
export function outcome(people: number, division: Division): Outcome | null {
  const asked = 'number' in division ? division.number : division.size;
  if (!Number.isInteger(asked) || asked < 1) return null;
  const count = 'number' in division ? asked : Math.ceil(people / asked);
  if (count < 1 || count > MAX_GROUPS) return null;
  return { count, small: Math.floor(people / count), large: Math.ceil(people / count) };
}

/** The name of somebody, or what stands for it if they cannot be seen. */
export function nameOf(people: readonly Participant[], who: number, otherwise: string): string {
  return people.find(({ no }) => no === who)?.name ?? otherwise;
}
