/**
 * To whom this person may write, and whom a message is to. The same rule as the server's: to all
 * and to groups with the right to chat, to one person with the other one, where the policy lets
 * their role; teachers write to everyone.
 */
import type { ChatMessage, ChatTo } from '../../protocol';
import type { Room } from '../../session/model';
import { classroom } from '../../ui/text/classroom/words.svelte';
import { t } from '../../ui/text/words.svelte';
import { nameOf } from './acts';

/** One line of the list; `key` is stable. */
export interface Addressee {
  key: string;
  word: string;
  /** Absent: all. */
  to?: ChatTo;
}

/** Key of all. */
export const ALL = 'all';

/** To whom one may write now; empty: to nobody. */
export function addressees(room: Room): Addressee[] {
  const { chat, privateChat } = room.rights;
  const w = classroom();
  const groups = openGroups(room).map((group) => ({
    key: keyOf({ group }),
    word: w.toGroup(group),
    to: { group },
  }));
  const people = room.people
    .filter(({ no, role }) => no !== room.me && mayWrite(room, role))
    .map(({ no, name }) => ({ key: keyOf({ person: no }), word: name, to: { person: no } }));
  return [
    ...(chat ? [{ key: ALL, word: w.toAll }, ...groups] : []),
    ...(privateChat ? people : []),
  ];
}

/** Beside the author: whom a message is to; null if it is to all. */
export function toWhom({ to, from }: ChatMessage, room: Room): string | null {
  if (to === null) return null;
  const w = classroom();
  if ('group' in to) return w.fromTo(w.toGroup(to.group));
  if (to.person === room.me && from !== room.me) return w.toMe;
  return w.fromTo(nameOf(to.person, room) ?? t().gone);
}

/** Key of a group or a person. */
export function keyOf(to: ChatTo): string {
  return 'group' in to ? `group:${to.group}` : `person:${to.person}`;
}

function openGroups({ groups, role }: Room): number[] {
  if (!groups.open) return [];
  if (role === 'teacher') return Array.from({ length: groups.count }, (_, index) => index + 1);
  return groups.mine === null ? [] : [groups.mine];
}

function mayWrite({ role: mine, policy }: Room, role: Room['role']): boolean {
  return mine === 'teacher' || policy.privateChat.includes(role);
}
