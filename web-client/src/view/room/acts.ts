/**
 * What a press of a control does. Invariant: a locked control tells who locked it and does nothing
 * else.
 */
import type { LockKind, Participant } from '../../protocol';
import type { Held, OwnSource, Room, Session } from '../../session/model';
import { classroom } from '../../ui/text/classroom/words.svelte';
import { t } from '../../ui/text/words.svelte';
import type { Control } from './controls';
import type { Desk } from './desk.svelte';

/** Presses a control of the bar. */
export function press(control: Control, room: Room, session: Session, desk: Desk): void {
  switch (control) {
    case 'microphone':
    case 'camera':
    case 'show': {
      const locked = lockOf(control, room);
      if (locked !== null) return desk.tell(locked);
      const on = isOn(ownOf(control, room));
      if (control === 'microphone') session.setMicrophone(!on);
      else if (control === 'camera') session.setCamera(!on);
      else session.setContent(!on);
      return;
    }
    case 'hand':
      return session.hand(me(room)?.hand == null);
    case 'quiet':
      return session.act({ type: 'quiet', on: room.quiet === null });
    case 'people':
    case 'chat':
    case 'view':
    case 'tools':
    case 'more':
      return desk.toggle(control);
    case 'leave':
    case 'hangUp':
      return session.leave();
    case 'end':
      desk.ending = true;
      return;
  }
}

/** In the classroom one speaks while holding: what holding does, or undefined elsewhere. */
export function holdToSpeak(room: Room, session: Session): ((held: boolean) => void) | undefined {
  if (!room.inRoom || lockOf('microphone', room) !== null) return undefined;
  return (held) => session.setMicrophone(held);
}

/** The own entry in the list of people. */
export function me(room: Room): Participant | undefined {
  return room.people.find((person) => person.no === room.me);
}

/** Whether a source is on or about to be. */
export function isOn(source: OwnSource): boolean {
  return source.state === 'on' || source.state === 'starting';
}

/** The own source that a control switches. */
export function ownOf(control: 'microphone' | 'camera' | 'show', room: Room): OwnSource {
  return control === 'show' ? room.own.content : room.own[control];
}

/** Why a control of an own source does nothing, in words; null if it is free. */
export function lockOf(control: 'microphone' | 'camera' | 'show', room: Room): string | null {
  const source = ownOf(control, room);
  if (source.state === 'locked') return inWords(source, room);
  const what: LockKind = control === 'show' ? 'content' : control;
  return me(room) && !room.rights[what] ? whoLocked(what, room) : null;
}

/** Why one of the own rights is missing: "Locked by ...", or what the lesson does just now. */
export function whoLocked(what: LockKind, room: Room): string {
  const held = room.held[what];
  return held ? inWords(held, room) : t().locked;
}

function inWords({ why, by }: Held, room: Room): string {
  switch (why) {
    case 'quiet':
      return classroom().heldByQuiet;
    case 'pause':
      return classroom().heldByPause;
    case 'lock':
      return lockedBy(by, room);
  }
}

/** "Locked by ..."; 0 is the school. */
export function lockedBy(no: number, room: Room): string {
  if (no === 0) return classroom().lockedBySchool;
  const name = nameOf(no, room);
  return name === null ? t().locked : t().lockedBy(name);
}

/** The name of somebody who is there. */
export function nameOf(no: number, room: Room): string | null {
  return room.people.find((person) => person.no === no)?.name ?? null;
}
