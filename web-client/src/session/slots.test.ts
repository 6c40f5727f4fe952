import { describe, expect, it } from 'vitest';
import type { SlotNow, SourceRef } from '../protocol';
import type { Wish } from './model';
import { ANSWER_WITHIN, belongs, Slots } from './slots';

const camera = (participant: number): SourceRef => ({ participant, kind: 'camera' });
const see = (participant: number, priority = 0, height = 180): Wish => ({
  participant,
  kind: 'camera',
  height,
  priority,
});
const tell = (slot: number, participant: number | null, fromTimestamp = 1_000): SlotNow => ({
  slot,
  source: participant === null ? null : camera(participant),
  fromTimestamp,
});
/** Wishes and sends the view at once. */
const ask = (slots: Slots, wishes: Wish[], now: number) => {
  slots.wish(wishes, now);
  slots.sent(now);
};
const places = (slots: Slots) => slots.view.map((one) => [one.slot, one.source.participant]);

describe('places', () => {
  it('stay when others come and go', () => {
    const slots = new Slots(3);
    ask(slots, [see(1), see(2), see(3)], 0);
    slots.told([tell(0, 1), tell(1, 2), tell(2, 3)]);
    expect(slots.wish([see(3), see(1), see(4)], 1)).toBe(true);
    expect(places(slots)).toEqual([
      [0, 1],
      [1, 4],
      [2, 3],
    ]);
  });

  it('go to the most important when they are short', () => {
    const slots = new Slots(2);
    ask(slots, [see(1), see(2, 5), see(3, 9)], 0);
    expect(places(slots)).toEqual([
      [0, 3],
      [1, 2],
    ]);
  });

  it('need no message when nothing changed', () => {
    const slots = new Slots(2);
    expect(slots.wish([see(1), see(2)], 0)).toBe(true);
    expect(slots.wish([see(2), see(1)], 1)).toBe(false);
    expect(slots.wish([see(2, 0, 360), see(1)], 2)).toBe(true);
  });

  it('prefer a dark slot to one that still carries somebody', () => {
    const slots = new Slots(2);
    ask(slots, [see(1)], 0);
    slots.told([tell(0, 1)]);
    ask(slots, [see(2)], 10);
    expect(places(slots)).toEqual([[1, 2]]);
  });
});

describe('a picture', () => {
  it('is shown at the first frame of its source and not before', () => {
    const slots = new Slots(1);
    ask(slots, [see(1)], 0);
    expect(slots.frame(0, 5_000)).toBe(true);
    expect(slots.shown(1).size).toBe(0);
    slots.told([tell(0, 1, 10_000)]);
    expect(slots.awaited(1)).toEqual([0]);
    expect(slots.frame(0, 9_999)).toBe(false);
    expect(slots.shown(1).size).toBe(0);
    expect(slots.frame(0, 10_000)).toBe(true);
    expect([...slots.shown(1)]).toEqual([['1/camera', 0]]);
    expect(slots.awaited(1)).toEqual([]);
  });

  it('is hidden from the moment of the own ask', () => {
    const slots = new Slots(1);
    ask(slots, [see(1)], 0);
    slots.told([tell(0, 1)]);
    slots.frame(0, 1_000);
    ask(slots, [see(2)], 5);
    expect(slots.shown(5).size).toBe(0);
    slots.frame(0, 2_000);
    expect(slots.shown(5).size).toBe(0);
    slots.told([tell(0, 2, 3_000)]);
    slots.frame(0, 3_000);
    expect([...slots.shown(6)]).toEqual([['2/camera', 0]]);
  });

  it('is hidden when the server says that its slot is dark', () => {
    const slots = new Slots(1);
    ask(slots, [see(1)], 0);
    slots.told([tell(0, 1)]);
    slots.frame(0, 1_000);
    slots.told([tell(0, null)]);
    expect(slots.shown(1).size).toBe(0);
  });

  it('of an earlier ask for the same person never speaks for a later one', () => {
    const slots = new Slots(1);
    ask(slots, [see(1)], 0);
    slots.told([tell(0, 1, 1_000)]);
    slots.frame(0, 1_000);
    ask(slots, [see(2)], 10);
    // Back to 1 while the ask for 2 is on its way: its frames may already come out of the line.
    ask(slots, [see(1)], 20);
    slots.frame(0, 50_000);
    expect(slots.view).toEqual([]);
    expect(slots.shown(20).size).toBe(0);
    slots.told([tell(0, 2, 50_000)]);
    slots.told([tell(0, null)]);
    ask(slots, [see(1)], 30);
    slots.told([tell(0, 1, 90_000)]);
    slots.frame(0, 60_000);
    expect(slots.shown(30).size).toBe(0);
    slots.frame(0, 90_000);
    expect([...slots.shown(30)]).toEqual([['1/camera', 0]]);
  });

  it('comes back at once if the other wish was never sent', () => {
    const slots = new Slots(1);
    ask(slots, [see(1)], 0);
    slots.told([tell(0, 1)]);
    slots.frame(0, 1_000);
    slots.wish([see(2)], 10);
    expect(slots.shown(10).size).toBe(0);
    slots.wish([see(1)], 20);
    expect([...slots.shown(20)]).toEqual([['1/camera', 0]]);
  });

  it('gets its slot at the deadline if the server stays silent', () => {
    const slots = new Slots(1);
    ask(slots, [see(1)], 0);
    slots.told([tell(0, 1)]);
    ask(slots, [see(2)], 10);
    ask(slots, [see(3)], 20);
    expect(slots.view).toEqual([]);
    expect(slots.deadline(20)).toBe(20 + ANSWER_WITHIN);
    expect(slots.wish([see(3)], 20 + ANSWER_WITHIN)).toBe(true);
    expect(places(slots)).toEqual([[0, 3]]);
  });
});

it.each([
  [1_000, 1_000, true],
  [999, 1_000, false],
  [5, 0xffff_ff00, true],
  [0xffff_ff00, 5, false],
  [0x8000_0000, 0, false],
  [0x7fff_ffff, 0, true],
])('a frame at %i belongs to a source from %i: %s', (timestamp, from, expected) => {
  expect(belongs(timestamp, from)).toBe(expected);
});
