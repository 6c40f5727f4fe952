/**
 * What this person has arranged on their own screen: open panel, view, who is large, messages.
 * Invariant: nothing of it is known to anyone else. It ends with the room.
 */
import type { Room } from '../../session/model';
import { ALL } from './addressees';
import type { Granted, Turn } from './granted';
import type { Source } from './seats';
import type { Part } from './tools/ToolsPanel.svelte';

/** A panel; at most one is open. */
export type Panel = 'people' | 'chat' | 'tools' | 'recording' | 'rights' | 'more' | 'view' | 'settings';

/** How people stand when nothing is shown. */
export type Layout = 'gallery' | 'speaker';

/** A message about the person's own act. */
export interface Note {
  id: number;
  say: string;
  undo: (() => void) | null;
}

/** More messages than this push the oldest away. */
const MOST_NOTES = 3;

export class Desk {
  panel = $state<Panel | null>(null);
  layout = $state<Layout>('gallery');
  pinned = $state.raw<Source | null>(null);
  notes = $state.raw<readonly Note[]>([]);
  ending = $state(false);
  /** Whether this person writes captions. */
  captioning = $state(false);
  /** News of own rights, until they are closed or used. */
  granted = $state<Record<Granted, Turn | null>>({ caption: null, content: null });
  /** The part of the tools that is open. */
  part = $state<Part | null>(null);
  /** The poll in which this person has voted, the one they saw open, and the one they closed. */
  cast = $state<number | null>(null);
  pollSeen = $state<number | null>(null);
  pollClosed = $state<number | null>(null);
  /** Whom the next message is to, by its key. */
  addressee = $state<string>(ALL);
  /** Notice about a recording that this person has closed. */
  recordingRead = $state<string | null>(null);
  /** Numbers of the acts whose notice this person has closed. */
  actsRead = $state.raw<readonly number[]>([]);
  /** Number of the last chat message that was on the screen. */
  read = $state(0);
  #notes = 0;

  constructor(role: Room['role']) {
    this.layout = role === 'teacher' ? 'gallery' : 'speaker';
  }

  /** Opens a panel or closes it if it is open. */
  toggle(panel: Panel): void {
    this.panel = this.panel === panel ? null : panel;
  }

  /** Opens the line for captions above the bar, where a panel would lie on it. */
  writeCaptions(): void {
    this.captioning = true;
    this.granted.caption = null;
    this.panel = null;
  }

  /** Tells something; `undo` puts a button beside it. The same words stand only once. */
  tell(say: string, undo: (() => void) | null = null): void {
    this.#notes += 1;
    const others = this.notes.filter((note) => note.say !== say);
    this.notes = [...others, { id: this.#notes, say, undo }].slice(-MOST_NOTES);
  }

  forget(id: number): void {
    this.notes = this.notes.filter((note) => note.id !== id);
  }
}
