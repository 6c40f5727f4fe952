/**
 * The pictures that may be shown: what the layout wishes, put into slots, watched until the first
 * frame of the right source has come out of the line.
 *
 * The line is asked for the timestamp of its last frame by `getSynchronizationSources`, which both
 * engines answer for video without any element; a video element's own frame callback would need
 * one for every hidden slot. Chromium answers with the frame being presented, Firefox with one
 * that is 33 to 67 ms older: late, never early.
 */
import type { ClientMessage, Participant, SlotNow } from '../protocol';
import type { Environment } from './environment';
import { pictureKey, type Wish } from './model';
import type { Peer } from './peer';
import { Slots } from './slots';

/** How often a line is asked while its first frame is awaited. */
const LOOK_EVERY = 25;
/** Views are sent at most this often. */
const VIEW_EVERY = 100;

export interface PictureHooks {
  post: (message: ClientMessage) => void;
  changed: () => void;
}

export class Pictures {
  #peer: Peer | null = null;
  #slots = new Slots(0);
  #wishes: readonly Wish[] = [];
  #people: readonly Participant[] = [];
  #me = 0;
  #shown: ReadonlyMap<string, MediaStream> = new Map();
  #places: ReadonlyMap<string, number> = new Map();
  #frames: ReturnType<typeof setTimeout> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  /** Runs while no view may be sent. */
  #pause: ReturnType<typeof setTimeout> | undefined;
  #unsent = false;

  constructor(
    private readonly environment: Environment,
    private readonly hooks: PictureHooks,
  ) {}

  get shown(): ReadonlyMap<string, MediaStream> {
    return this.#shown;
  }

  /** New lines, all dark; the wishes stay. */
  connect(peer: Peer | null): void {
    this.#peer = peer;
    this.#slots = new Slots(peer?.video.length ?? 0);
    this.#unsent = true;
    this.#show(new Map());
    this.#arrange();
  }

  /** The way to the server was interrupted: words about slots may be lost, and the last view. */
  again(): void {
    this.#slots.doubt();
    this.#unsent = true;
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#send(this.environment.now());
    this.#arrange();
  }

  /** What the layout has room for. */
  wish(wishes: readonly Wish[]): void {
    this.#wishes = wishes;
    this.#arrange();
  }

  /** Who is there and what each is sending; only that is asked for. */
  people(people: readonly Participant[], me: number): void {
    if (people === this.#people && me === this.#me) return;
    this.#people = people;
    this.#me = me;
    this.#arrange();
  }

  told(slots: readonly SlotNow[]): void {
    this.#slots.told(slots);
    this.#arrange();
  }

  stop(): void {
    for (const timer of [this.#frames, this.#deadline, this.#pause]) clearTimeout(timer);
    this.#pause = undefined;
    this.#unsent = false;
    this.#peer = null;
    this.#slots = new Slots(0);
    this.#people = [];
    this.#shown = this.#places = new Map();
  }

  #arrange(): void {
    if (!this.#peer) return;
    const now = this.environment.now();
    const sending = new Set(
      this.#people.flatMap(({ no, sending }) =>
        no === this.#me ? [] : sending.map((kind) => `${no}/${kind}`),
      ),
    );
    const there = this.#wishes.filter((one) => sending.has(pictureKey(one.participant, one.kind)));
    this.#unsent = this.#slots.wish(there, now) || this.#unsent;
    this.#send(now);
    clearTimeout(this.#deadline);
    const deadline = this.#slots.deadline(now);
    if (deadline !== null) {
      this.#deadline = setTimeout(() => this.#arrange(), Math.max(0, deadline - now));
    }
    this.#look();
  }

  #send(now: number): void {
    if (!this.#peer || !this.#unsent || this.#pause !== undefined) return;
    this.#unsent = false;
    this.#slots.sent(now);
    this.hooks.post({ type: 'view', slots: this.#slots.view });
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      if (this.#unsent) this.#arrange();
    }, VIEW_EVERY);
  }

  #look(): void {
    clearTimeout(this.#frames);
    const now = this.environment.now();
    for (const slot of this.#slots.awaited(now)) {
      const timestamp = this.#peer?.timestamp(slot) ?? null;
      if (timestamp !== null) this.#slots.frame(slot, timestamp);
    }
    this.#show(this.#slots.shown(now));
    if (this.#slots.awaited(now).length > 0) {
      this.#frames = setTimeout(() => this.#look(), LOOK_EVERY);
    }
  }

  #show(places: ReadonlyMap<string, number>): void {
    const before = this.#places;
    if (places.size === before.size && [...places].every(([key, at]) => before.get(key) === at)) {
      return;
    }
    const shown = new Map<string, MediaStream>();
    for (const [key, slot] of places) {
      const kept = before.get(key) === slot ? this.#shown.get(key) : undefined;
      const track = this.#peer?.video[slot]?.track;
      // Every showing gets a stream of its own, so that no element keeps another source's frame.
      if (kept) shown.set(key, kept);
      else if (track) shown.set(key, this.environment.stream([track]));
    }
    this.#places = places;
    this.#shown = shown;
    this.hooks.changed();
  }
}
