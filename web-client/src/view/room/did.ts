/** What a teacher did to somebody, in words. */
import type { Acted } from '../../protocol';
import type { Room } from '../../session/model';
import { classroom } from '../../ui/text/classroom/words.svelte';
import { t } from '../../ui/text/words.svelte';
import { nameOf } from './acts';

/** The sentence about an act; names the teacher if it was another one. */
export function sayDid(acted: Acted, room: Room): string {
  const name = nameOf(acted.who, room) ?? waiterName(acted.who, room) ?? t().gone;
  const say = sentence(acted, name);
  if (acted.by === room.me) return say;
  return classroom().did.by(say, nameOf(acted.by, room) ?? t().roles.teacher);
}

/** What can still be taken back and was not closed, the newest last. `now` is the local clock. */
export function open(room: Room, closed: readonly number[], now: number): Acted[] {
  return room.acted.filter(({ id, until }) => until > now && !closed.includes(id));
}

function sentence({ what }: Acted, name: string): string {
  const { did, kinds } = classroom();
  switch (what.did) {
    case 'muted':
      return did.off[what.source](name);
    case 'locked':
      return (what.locked ? did.locked : did.unlocked)(kinds[what.what], name);
    case 'granted':
      return (what.on ? did.granted : did.taken)(kinds[what.what], name);
    case 'letSpeak':
      return (what.on ? did.letSpeak : did.letSpeakEnd)(name);
    case 'sentToLobby':
      return did.sentToLobby(name);
    case 'hid':
      return did.hid(name);
  }
}

function waiterName(no: number, room: Room): string | undefined {
  return room.waiting.find((waiter) => waiter.no === no)?.name;
}
