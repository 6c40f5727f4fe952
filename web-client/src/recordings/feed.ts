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
import { AHEAD, BEHIND, forget, leads, portion, runTo, type Run } from './plan';
import { Failed, troubleOf, type Trouble } from './trouble';

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

/** What makes sources here; iPhones have only the second. */
const Source: typeof MediaSource | undefined =
  globalThis.MediaSource ??
  (globalThis as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource;

/** Whether this browser can be fed with that type. */
export function canFeed(mime: string): boolean {
  return Source?.isTypeSupported(mime) ?? false;
}

export class Feed {
  #index: RecordingIndex;
  #run: Run;
  #buffer: SourceBuffer | null = null;
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
    if (!Source) throw new Failed('failed');
    this.#index = index;
    this.#run = runTo(index.fragments, 0);
    this.#source = new Source();
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
      this.#buffer = this.#source.addSourceBuffer(this.#index.mime);
      this.#measure();
      // Wanted wherever the person goes meanwhile.
      await this.#persist(() => this.#take(0, this.#index.init, this.#stop.signal));
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
    if (this.#busy || !this.#buffer || this.#stop.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#busy = true;
    this.#step(this.#buffer)
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
  async #step(buffer: SourceBuffer): Promise<boolean> {
    this.#fetching = new AbortController();
    const { signal } = this.#fetching;
    const position = this.video.currentTime;
    await this.#follow();
    const { fragments, recording } = this.#index;
    if (!leads(this.#run, fragments, position)) {
      this.#run = runTo(fragments, position);
      await this.#remove(buffer, 0, Infinity);
    }
    this.#overHole();
    await this.#forget(buffer, BEHIND);
    const wanted = portion(this.#run, fragments, position, this.#ahead);
    if (wanted) {
      const taken = await this.#persist(() => this.#take(wanted.offset, wanted.length, signal));
      if (taken) this.#run = { ...this.#run, next: wanted.next };
      this.#overHole();
      return taken;
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
    if (this.#source.readyState !== 'open' || this.#buffer?.updating) return;
    // It may only grow: shrinking below what is buffered is an error.
    if (!(known >= length)) this.#source.duration = length;
  }

  /** Fetches and appends. False: the browser's buffer was full, and a later try finds more room. */
  async #take(offset: number, length: number, signal: AbortSignal): Promise<boolean> {
    const buffer = this.#buffer;
    if (!buffer) return false;
    const { id } = this.#index.recording;
    const bytes = await this.archive.bytes(id, offset, length, signal);
    if (signal.aborted) throw signal.reason;
    try {
      await done(buffer, () => buffer.appendBuffer(bytes));
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'QuotaExceededError') throw error;
      if (await this.#forget(buffer, LEAST_BEHIND)) return false;
      if (this.#ahead <= LEAST_AHEAD) throw error;
      this.#ahead = Math.max(LEAST_AHEAD, this.#ahead / 2);
      return false;
    }
    return true;
  }

  /** Whether anything was there to forget, so many seconds behind the position. */
  async #forget(buffer: SourceBuffer, behind: number): Promise<boolean> {
    const from = forget(this.#run, this.#index.fragments, this.video.currentTime, behind);
    if (from === null) return false;
    await this.#remove(buffer, 0, from);
    this.#run = { ...this.#run, from };
    return true;
  }

  async #remove(buffer: SourceBuffer, from: number, to: number): Promise<void> {
    if (buffer.buffered.length > 0) await done(buffer, () => buffer.remove(from, to));
  }

  /** Sound or picture may begin a little late: the player would wait there for ever. */
  #overHole(): void {
    const { video } = this;
    const { currentTime, buffered } = video;
    if (video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) return;
    for (let index = 0; index < buffered.length; index += 1) {
      const start = buffered.start(index);
      if (start <= currentTime && buffered.end(index) > currentTime + 0.1) return;
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

/** Waits until the buffer has done what was begun. */
function done(buffer: SourceBuffer, begin: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const ends = new AbortController();
    const { signal } = ends;
    const end = (act: () => void) => () => {
      ends.abort();
      act();
    };
    buffer.addEventListener('updateend', end(resolve), { signal });
    // Bytes that are no media of this type.
    buffer.addEventListener('error', end(() => reject(new Failed('failed'))), { signal });
    try {
      begin();
    } catch (error) {
      ends.abort();
      reject(error instanceof Error ? error : new Failed('failed'));
    }
  });
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
