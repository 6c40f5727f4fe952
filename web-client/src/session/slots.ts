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
  /** What this client wants here. */
  asked: SourceRef | null;
  /** What the last view that was sent wants here. */
  sent: SourceRef | null;
  /** When the ask was sent that is not answered yet. */
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
      sent: null,
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
    const free = new Set<Slot>();
    for (const slot of this.#slots) {
      if (slot.asked && waiting.delete(keyOf(slot.asked))) continue;
      slot.asked = null;
      if (answered(slot, now)) free.add(slot);
    }
    for (const { participant, kind } of waiting.values()) {
      const source: SourceRef = { participant, kind };
      const slots = [...free];
      const slot =
        slots.find((one) => same(one.sent, source)) ??
        slots.find((one) => one.now.source === null) ??
        slots[0];
      if (!slot) break;
      free.delete(slot);
      slot.asked = source;
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

  /** The view was sent: from now on the server owes answers. */
  sent(now: number): void {
    for (const slot of this.#slots) {
      if (same(slot.asked, slot.sent)) continue;
      slot.sent = slot.asked;
      // A slot that is dark already stays dark without a word.
      slot.pending = slot.asked === null && slot.now.source === null ? null : now;
    }
  }

  /**
   * Words of the server were lost: gives up every ask that its last word does not answer, so that
   * the next view makes it say them again. The view that is to be sent before that lacks them.
   */
  doubt(): void {
    for (const slot of this.#slots) {
      if (!same(slot.asked, slot.now.source)) slot.asked = null;
    }
    this.#view = this.#view.filter(({ slot }) => this.#slots[slot]?.asked);
  }

  /** The server's word. Hides what it contradicts. */
  told(slots: readonly SlotNow[]): void {
    for (const { slot: index, source, fromTimestamp } of slots) {
      const slot = this.#slots[index];
      if (!slot) continue;
      slot.now = { source, from: fromTimestamp };
      slot.arrived = false;
      if (same(slot.sent, source)) slot.pending = null;
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
      slot.pending !== null && !answered(slot, now) ? [slot.pending + ANSWER_WITHIN] : [],
    );
    return ends.length > 0 ? Math.min(...ends) : null;
  }
}

/** Whether a frame belongs to the source that begins at `from` (modulo 2^32). */
export function belongs(timestamp: number, from: number): boolean {
  return (timestamp - from) >>> 0 < 0x8000_0000;
}

function ranked(wishes: readonly Wish[]): Wish[] {
  return [...wishes].sort((a, b) => b.priority - a.priority);
}

function answered(slot: Slot, now: number): boolean {
  return slot.pending === null || now - slot.pending >= ANSWER_WITHIN;
}

/** Whether want, ask and the server's word are one. */
function agreed(slot: Slot, now: number): boolean {
  return answered(slot, now) && same(slot.asked, slot.sent) && same(slot.sent, slot.now.source);
}

function same(a: SourceRef | null, b: SourceRef | null): boolean {
  return a === b || (a !== null && b !== null && keyOf(a) === keyOf(b));
}

function keyOf({ participant, kind }: { participant: number; kind: string }): string {
  return pictureKey(participant, kind as Wish['kind']);
}
