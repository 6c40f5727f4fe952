/**
 * What is there for a moment and in no log: reactions, the number of votes, an invitation, and
 * captions that have been read by now. Invariant: bounded, and gone by itself.
 */
import type { Kind, Reaction } from '../protocol';
import type { Invitation, Shown } from './model';

/** Milliseconds for which a reaction is shown. */
export const REACTION_SHOWN = 5_000;
/** Milliseconds after the last line of captions when their place becomes empty. */
export const CAPTION_SHOWN = 12_000;
/** Reactions at most; of more nobody sees who reacts. */
const REACTIONS = 60;

export class Moments {
  reactions: readonly Shown[] = [];
  invited: Invitation | null = null;
  #votes: { poll: number; count: number } | null = null;
  #count = 0;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #caption: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly changed: () => void) {}

  /** Somebody reacts; an earlier reaction of theirs gives way. */
  reacted(who: number, what: Reaction): void {
    this.#count += 1;
    const id = this.#count;
    const others = this.reactions.filter((one) => one.who !== who);
    this.reactions = [...others, { who, what, id }].slice(-REACTIONS);
    this.#later(REACTION_SHOWN, () => {
      this.reactions = this.reactions.filter((one) => one.id !== id);
    });
    this.changed();
  }

  voted(poll: number, count: number): void {
    this.#votes = { poll, count };
    this.changed();
  }

  /** How many have voted in this poll. */
  votes(poll: number | undefined): number {
    return this.#votes?.poll === poll ? (this.#votes?.count ?? 0) : 0;
  }

  invite(source: Kind, by: number): void {
    this.invited = { source, by };
    this.changed();
  }

  /** The invitation to switch this on, or any, is answered or void. */
  decline(source?: Kind): void {
    if (!this.invited || (source !== undefined && this.invited.source !== source)) return;
    this.invited = null;
    this.changed();
  }

  /** A line of captions came; calls back when it has been read. */
  captioned(read: () => void): void {
    clearTimeout(this.#caption);
    this.#caption = setTimeout(read, CAPTION_SHOWN);
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    clearTimeout(this.#caption);
    this.reactions = [];
    this.invited = null;
    this.#votes = null;
  }

  #later(wait: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
      this.changed();
    }, wait);
    this.#timers.add(timer);
  }
}
