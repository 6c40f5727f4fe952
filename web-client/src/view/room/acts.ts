/**
 * What a press of a control does. Invariant: a locked control tells who locked it and does nothing
 * else.
 */
import type { LockKind, Participant } from '../../protocol';
import type { OwnSource, Room, Session } from '../../session/model';
import { t } from '../../ui/text/words.svelte';
import type { Control } from './controls';
import type { Desk } from './desk.svelte';
import { isQuiet, toLock, toUnlock } from './quiet';

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
      return quiet(room, session, desk);
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
  if (source.state === 'locked') return byWhom(source.by, room);
  const what: LockKind = control === 'show' ? 'content' : control;
  const own = me(room);
  return own && !own.rights[what] ? whoLocked(what, room) : null;
}

/** "Locked by ..." for one of the own rights. */
export function whoLocked(what: LockKind, room: Room): string {
  const lock = me(room)?.locks.find((one) => one.what === what);
  return lock ? byWhom(lock.by, room) : t().locked;
}

function byWhom(no: number, room: Room): string {
  const name = room.people.find((person) => person.no === no)?.name;
  return name === undefined ? t().locked : t().lockedBy(name);
}

function quiet(room: Room, session: Session, desk: Desk): void {
  if (isQuiet(room.locks)) {
    for (const what of toUnlock(room.locks, desk.quieted)) session.lock(null, what, false);
    desk.quieted = [];
    desk.tell(t().didQuietEnd);
    return;
  }
  desk.quieted = toLock(room.locks);
  for (const what of desk.quieted) session.lock(null, what, true);
  desk.tell(t().didQuiet);
}
