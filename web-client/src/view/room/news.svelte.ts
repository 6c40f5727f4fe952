/**
 * What is read aloud and heard of hands, the lobby, comings and goings. Invariant: at most one announcement
 * in three seconds, and one sound with it, so that a class that comes in is one sentence.
 */
import type { Room } from '../../session/model';
import type { Sound } from '../../ui/sound';
import { classroom } from '../../ui/text/classroom/words.svelte';
import { t } from '../../ui/text/words.svelte';
import { lobby } from './seats';

const TOGETHER = 3000;

export class News {
  /** The text of the polite live region. */
  said = $state('');
  #known: Map<number, { name: string; hand: boolean }> | null = null;
  #joined: string[] = [];
  #left: string[] = [];
  #hands: string[] = [];
  #waiting: string[] = [];
  #queue: ReadonlySet<number> = new Set();
  #rung = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #heard: (sound: Sound) => void;

  constructor(heard: (sound: Sound) => void) {
    this.#heard = heard;
  }

  /** Compares the room with what it was. The first call only remembers. */
  see(room: Room): void {
    const now = new Map(
      room.people
        .filter((person) => person.no !== room.me)
        .map((person) => [person.no, { name: person.name, hand: person.hand !== null }]),
    );
    const before = this.#known;
    this.#known = now;
    const waiters = lobby(room);
    const queue = this.#queue;
    this.#queue = new Set(waiters.map(({ no }) => no));
    if (!before) return;
    for (const { no, name } of waiters) if (!queue.has(no)) this.#waiting.push(name);
    for (const [no, { name, hand }] of now) {
      if (!before.has(no)) this.#joined.push(name);
      if (hand && !before.get(no)?.hand) this.#hands.push(name);
    }
    for (const [no, { name }] of before) if (!now.has(no)) this.#left.push(name);
    // At once, unless one of this group was heard already.
    if (this.#hands.length + this.#waiting.length > 0 && !this.#rung) {
      this.#rung = true;
      this.#heard(this.#hands.length > 0 ? 'hand' : 'knock');
    }
    const news = [this.#joined, this.#left, this.#hands, this.#waiting];
    if (news.some((names) => names.length > 0)) {
      this.#timer ??= setTimeout(() => this.#say(), TOGETHER);
    }
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #say(): void {
    this.#timer = null;
    const sentences = [
      this.#hands.length > 0 ? t().saidHand(this.#hands.join(', ')) : '',
      this.#waiting.length > 0 ? classroom().saidWaiting(this.#waiting.join(', ')) : '',
      this.#joined.length > 0 ? t().saidJoined(this.#joined.join(', ')) : '',
      this.#left.length > 0 ? t().saidLeft(this.#left.join(', ')) : '',
    ];
    this.said = sentences.filter((sentence) => sentence !== '').join('. ');
    this.#joined = [];
    this.#left = [];
    this.#hands = [];
    this.#waiting = [];
    this.#rung = false;
  }
}
