/**
 * What is read aloud at once of the recording, and the sound that goes with it. Invariants: a
 * recording is announced once, before it begins or to whoever comes later; each sentence is said
 * once, however often the room changes.
 */
import type { Room } from '../../session/model';
import type { Sound } from '../../ui/sound';
import { t } from '../../ui/text/words.svelte';
import { recorder, secondsTo, standing, turn } from './recording';

export class Announcer {
  /** The text of the assertive live region. */
  said = $state('');
  #turn = '';
  #recording: string | null = null;
  #heard: (sound: Sound) => void;

  constructor(heard: (sound: Sound) => void) {
    this.#heard = heard;
  }

  /** Compares the room with what was said. `now` in milliseconds since 1970. */
  see(room: Room, now: number): void {
    const next = turn(room);
    if (next === this.#turn) return;
    this.#turn = next;
    const { recording } = room;
    if (recording && recording.id !== this.#recording) this.#heard('recording');
    this.#recording = recording?.id ?? null;
    this.said = sentence(room, now);
  }
}

function sentence(room: Room, now: number): string {
  const { recording } = room;
  if (!recording) return t().recording.saidOver;
  const name = recorder(room) ?? t().roles.teacher;
  const what = recording.running
    ? t().recording.saidRuns
    : t().recording.saidSoon(name, secondsTo(recording.since, now));
  return [what, aboutMe(room)].filter((part) => part !== '').join(' ');
}

function aboutMe(room: Room): string {
  switch (standing(room)) {
    case 'asked':
      return t().recordAsk;
    case 'out':
      return t().recordNotIn;
    case 'in':
    case 'records':
      return '';
  }
}
