/**
 * Feeds a video element from a recording, fragment by fragment (Media Source Extensions).
 *
 * Invariants: the buffer holds one continuous run around the position, about half a minute to each
 * side, whatever the length of the recording; at most one question is open at a time. While the
 * recording is being made its index is asked again every second, so that it can be followed.
 */
import type { RecordingIndex } from '../protocol';
import type { Archive } from './archive';
import { follow } from './follow';
import { AHEAD, BEHIND, forget, leads, portion, runTo, type Portion, type Run } from './plan';
import { newSource, Sink } from './sink';
import { troubleOf, type Trouble } from './trouble';

/** Milliseconds between two looks at the clock of the player. */
const LOOK = 500;
/** Milliseconds between two questions for the index of a running recording, at its end. */
const FOLLOW = 1000;
/** The same while the position is far from the end: what is new is not wanted soon. */
const FOLLOW_FROM_AFAR = 10_000;
/** Milliseconds after which a question without an answer is put again; the last one repeats. */
const AGAIN = [500, 1000, 2000, 4000] as const;
/** Seconds of a hole that the player jumps over by itself. */
const HOLE = 1.5;
/** Seconds before the end of what is there that a player may stop at: a long picture. */
const EDGE = 0.5;
/** Least seconds ahead when the browser's buffer is small. */
const LEAST_AHEAD = 6;
/** The same behind. */
const LEAST_BEHIND = 5;

export interface FeedHooks {
  /** The index has grown or ended. */
  indexed(index: RecordingIndex): void;
  /** The line is away: it is tried again by itself. Null: it is back. */
  waiting(trouble: Trouble | null): void;
  /** Nothing more comes. */
  failed(trouble: Trouble): void;
}

export class Feed {
  #index: RecordingIndex;
  #run: Run;
  #sink: Sink | null = null;
  #ahead = AHEAD;
  #tries = 0;
  /** From the beginning on: before the initialization segment nothing else may be taken. */
  #busy = true;
  #followed = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #source: MediaSource;
  readonly #address: string;
  readonly #stop = new AbortController();
  /** Calls off what is being fetched, when the person goes elsewhere. */
  #fetching = new AbortController();

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly archive: Archive,
    index: RecordingIndex,
    private readonly hooks: FeedHooks,
  ) {
    this.#index = index;
    this.#run = runTo(index.fragments, 0);
    this.#source = newSource();
    this.#address = URL.createObjectURL(this.#source);
    const { signal } = this.#stop;
    this.#source.addEventListener('sourceopen', () => void this.#open(), { once: true, signal });
    for (const event of ['seeking', 'waiting', 'play'] as const) {
      video.addEventListener(event, () => this.#moved(), { signal });
    }
    video.addEventListener('error', () => this.#fail('failed'), { signal });
    // Where sources are managed by the browser, they play on this device only.
    video.disableRemotePlayback = true;
    video.src = this.#address;
  }

  /** Ends everything; the element is empty afterwards. */
  close(): void {
    this.#stop.abort();
    this.#fetching.abort();
    clearTimeout(this.#timer);
    this.video.removeAttribute('src');
    this.video.load();
    URL.revokeObjectURL(this.#address);
  }

  async #open(): Promise<void> {
    try {
      const sink = new Sink(this.#source, this.#index.mime);
      this.#sink = sink;
      this.#measure();
      // Wanted wherever the person goes meanwhile.
      const init = { offset: 0, length: this.#index.init };
      await sink.begin(await this.#persist(() => this.#fetch(init, this.#stop.signal)));
    } catch (error) {
      return this.#fail(troubleOf(error));
    }
    this.#busy = false;
    this.#look();
  }

  /** The position has changed: what is on its way may not be wanted any more. */
  #moved(): void {
    const { fragments } = this.#index;
    if (!leads(this.#run, fragments, this.video.currentTime)) this.#fetching.abort();
    this.#look();
  }

  /** Does the next thing there is to do, then waits for the next look. */
  #look(): void {
    if (this.#busy || !this.#sink || this.#stop.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#busy = true;
    this.#step(this.#sink)
      .catch((error: unknown) => {
        if (this.#stop.signal.aborted || isAbort(error)) return true;
        this.#fail(troubleOf(error));
        return false;
      })
      .then((more) => {
        this.#busy = false;
        if (this.#stop.signal.aborted) return;
        if (more) this.#look();
        else this.#timer = setTimeout(() => this.#look(), LOOK);
      });
  }

  /** Whether there is more to do at once. */
  async #step(sink: Sink): Promise<boolean> {
    this.#fetching = new AbortController();
    const { signal } = this.#fetching;
    const position = this.video.currentTime;
    await this.#follow();
    const { fragments, recording } = this.#index;
    if (sink.torn || !leads(this.#run, fragments, position)) {
      this.#run = runTo(fragments, position);
      await sink.clear();
    }
    this.#overHole();
    await this.#forget(sink, BEHIND);
    const wanted = portion(this.#run, fragments, position, this.#ahead);
    if (wanted) {
      const end = fragments[wanted.next]?.start ?? recording.length;
      sink.put(await this.#persist(() => this.#fetch(wanted, signal)), end / 1000);
      await this.#drain(sink, signal);
      this.#run = { ...this.#run, next: wanted.next };
      this.#overHole();
      return true;
    }
    const all = this.#run.next >= fragments.length;
    if (all && !recording.running && this.#source.readyState === 'open') this.#source.endOfStream();
    return false;
  }

  /** Asks for the index again while the recording is being made. */
  async #follow(): Promise<void> {
    if (!this.#index.recording.running) return;
    const now = performance.now();
    const near = this.#run.next + 5 >= this.#index.fragments.length;
    if (now - this.#followed < (near ? FOLLOW : FOLLOW_FROM_AFAR)) return;
    this.#followed = now;
    const known = this.#index;
    const { signal } = this.#fetching;
    this.#index = await this.#persist(() => follow(this.archive, known, signal));
    this.#measure();
    this.hooks.indexed(this.#index);
  }

  #measure(): void {
    const length = this.#index.recording.length / 1000;
    const known = this.#source.duration;
    if (this.#source.readyState !== 'open' || this.#sink?.updating) return;
    // It may only grow: shrinking below what is buffered is an error.
    if (!(known >= length)) this.#source.duration = length;
  }

  async #fetch({ offset, length }: Omit<Portion, 'next'>, signal: AbortSignal): Promise<ArrayBuffer> {
    const { id } = this.#index.recording;
    const bytes = await this.archive.bytes(id, offset, length, signal);
    if (signal.aborted) throw signal.reason;
    return bytes;
  }

  /** Where the browser's buffers are full it waits until enough was played, and asks for less then. */
  async #drain(sink: Sink, signal: AbortSignal): Promise<void> {
    for (let shrunk = false; ; ) {
      try {
        return await sink.drain();
      } catch (error) {
        if (!(error instanceof DOMException) || error.name !== 'QuotaExceededError') throw error;
        const forgot = await this.#forget(sink, LEAST_BEHIND);
        if (!forgot) {
          if (this.#ready() < LEAST_AHEAD) throw error;
          if (!shrunk) this.#ahead = Math.max(LEAST_AHEAD, this.#ahead / 2);
          shrunk = true;
          await pause(LOOK, signal);
        }
        if (signal.aborted) throw signal.reason;
      }
    }
  }

  /** Seconds that can be played from the position on. */
  #ready(): number {
    const { currentTime, buffered } = this.video;
    for (let index = 0; index < buffered.length; index += 1) {
      const end = buffered.end(index);
      if (buffered.start(index) <= currentTime && currentTime < end) return end - currentTime;
    }
    return 0;
  }

  /** Whether anything was there to forget, so many seconds behind the position. */
  async #forget(sink: Sink, behind: number): Promise<boolean> {
    const from = forget(this.#run, this.#index.fragments, this.video.currentTime, behind);
    if (from === null) return false;
    await sink.remove(0, from);
    this.#run = { ...this.#run, from };
    return true;
  }

  /** Sound or picture may begin a little late: the player would wait there for ever. */
  #overHole(): void {
    const { video } = this;
    const { currentTime, buffered } = video;
    if (video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) return;
    for (let index = 0; index < buffered.length; index += 1) {
      const start = buffered.start(index);
      if (start <= currentTime && buffered.end(index) > currentTime + EDGE) return;
      if (start > currentTime && start - currentTime < HOLE) {
        video.currentTime = start;
        return;
      }
    }
  }

  /** Tries again for as long as the line is away; whatever else is wrong is final. */
  async #persist<T>(act: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const result = await act();
        if (this.#tries > 0) this.hooks.waiting(null);
        this.#tries = 0;
        return result;
      } catch (error) {
        if (troubleOf(error) !== 'unreachable' || this.#stop.signal.aborted) throw error;
        if (this.#tries === 1) this.hooks.waiting('unreachable');
        const wait = AGAIN[Math.min(this.#tries, AGAIN.length - 1)];
        this.#tries += 1;
        await pause(wait ?? 0, this.#stop.signal);
      }
    }
  }

  #fail(trouble: Trouble): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    this.#fetching.abort();
    clearTimeout(this.#timer);
    this.hooks.failed(trouble);
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
