/**
 * Which source stands in which video slot, and when its picture may be shown.
 *
 * Invariant: a picture is shown only if the slot's last ask and the server's last word about it
 * agree, that word came after the ask, and a frame that belongs to it has come out of the line.
 * So no frame is ever shown under another person's name. A slot whose ask is still unanswered is
 * not asked for somebody else: two answers for one name could not be told apart.
 *
 * Plain values; the caller owns time, lines and messages.
 */
import type { SlotNow, SlotWish, SourceRef } from '../protocol';
import { pictureKey, type Wish } from './model';

/** After this many milliseconds without an answer the server's last word is believed. */
export const ANSWER_WITHIN = 2_000;

type Seen = { source: SourceRef | null; from: number };

interface Slot {
  /** What this client asked for. */
  asked: SourceRef | null;
  /** When the ask that is not answered yet was made. */
  pending: number | null;
  /** What the server said last. */
  now: Seen;
  /** Whether a frame of `now` has come. */
  arrived: boolean;
}

/** All video slots of one connection. */
export class Slots {
  #slots: Slot[];
  #view: SlotWish[] = [];

  constructor(count: number) {
    this.#slots = Array.from({ length: count }, () => ({
      asked: null,
      pending: null,
      now: { source: null, from: 0 },
      arrived: false,
    }));
  }

  get count(): number {
    return this.#slots.length;
  }

  /** The view to send: the wishes in their slots. Empty slots are not named. */
  get view(): SlotWish[] {
    return this.#view;
  }

  /**
   * Puts wishes into slots: who has one keeps it, who is new takes a free one, the least important
   * are left out when slots are short. Returns whether the view must be sent.
   */
  wish(wishes: readonly Wish[], now: number): boolean {
    const wanted = new Map(ranked(wishes).slice(0, this.#slots.length).map((w) => [keyOf(w), w]));
    const waiting = new Map(wanted);
    const usable = new Set<Slot>();
    for (const slot of this.#slots) {
      if (slot.asked && waiting.delete(keyOf(slot.asked))) continue;
      if (settled(slot, now)) usable.add(slot);
      if (slot.asked) this.#ask(slot, null, now);
    }
    for (const wish of waiting.values()) {
      const dark = [...usable].find((slot) => slot.now.source === null);
      const slot = dark ?? usable.values().next().value;
      if (!slot) break;
      usable.delete(slot);
      this.#ask(slot, { participant: wish.participant, kind: wish.kind }, now);
    }
    const view = this.#slots.flatMap((slot, index) => {
      const wish = slot.asked && wanted.get(keyOf(slot.asked));
      if (!slot.asked || !wish) return [];
      const height = Math.max(1, Math.min(4_320, Math.round(wish.height)));
      const priority = Math.max(0, Math.min(255, Math.round(wish.priority)));
      return [{ slot: index, source: slot.asked, height, priority }];
    });
    const changed = JSON.stringify(view) !== JSON.stringify(this.#view);
    this.#view = view;
    return changed;
  }

  /** The server's word. Hides what it contradicts. */
  told(slots: readonly SlotNow[]): void {
    for (const { slot: index, source, fromTimestamp } of slots) {
      const slot = this.#slots[index];
      if (!slot) continue;
      slot.now = { source, from: fromTimestamp };
      slot.arrived = false;
      if (same(slot.asked, source)) slot.pending = null;
    }
  }

  /** A frame with this RTP timestamp has come out of a slot's line. Returns whether that shows it. */
  frame(index: number, timestamp: number): boolean {
    const slot = this.#slots[index];
    if (!slot || slot.arrived || !belongs(timestamp, slot.now.from)) return false;
    slot.arrived = true;
    return true;
  }

  /** The slots whose first frame is still to come. */
  awaited(now: number): number[] {
    return this.#slots.flatMap((slot, index) =>
      slot.now.source && !slot.arrived && agreed(slot, now) ? [index] : [],
    );
  }

  /** What may be shown: key of the picture and its slot. */
  shown(now: number): Map<string, number> {
    const shown = new Map<string, number>();
    this.#slots.forEach((slot, index) => {
      if (slot.asked && slot.arrived && agreed(slot, now)) shown.set(keyOf(slot.asked), index);
    });
    return shown;
  }

  /** When the next unanswered ask runs out, in the caller's milliseconds. */
  deadline(now: number): number | null {
    const ends = this.#slots.flatMap((slot) =>
      slot.pending !== null && !settled(slot, now) ? [slot.pending + ANSWER_WITHIN] : [],
    );
    return ends.length > 0 ? Math.min(...ends) : null;
  }

  #ask(slot: Slot, source: SourceRef | null, now: number): void {
    slot.asked = source;
    // A slot that is dark already stays dark without a word from the server.
    slot.pending = source === null && slot.now.source === null ? null : now;
  }
}

/** Whether a frame belongs to the source that begins at `from` (modulo 2^32). */
export function belongs(timestamp: number, from: number): boolean {
  return (timestamp - from) >>> 0 < 0x8000_0000;
}

function ranked(wishes: readonly Wish[]): Wish[] {
  return [...wishes].sort((a, b) => b.priority - a.priority);
}

function settled(slot: Slot, now: number): boolean {
  return slot.pending === null || now - slot.pending >= ANSWER_WITHIN;
}

function agreed(slot: Slot, now: number): boolean {
  return settled(slot, now) && same(slot.asked, slot.now.source);
}

function same(a: SourceRef | null, b: SourceRef | null): boolean {
  return a === b || (a !== null && b !== null && keyOf(a) === keyOf(b));
}

function keyOf({ participant, kind }: { participant: number; kind: string }): string {
  return pictureKey(participant, kind as Wish['kind']);
}
