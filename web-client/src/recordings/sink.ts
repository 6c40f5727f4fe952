/**
 * What plays a recording: one buffer for its pictures, one for its sound (Media Source Extensions).
 *
 * Invariant: both have got the same clusters unless it is torn; then everything is to be removed
 * before more is put in. Left out on purpose: what is wanted when (`feed`).
 */
import { Splitter, typesOf, type Each } from './tracks';
import { Failed } from './trouble';

/** What makes sources here; iPhones have only the second. */
const Source: typeof MediaSource | undefined =
  globalThis.MediaSource ??
  (globalThis as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource;

/** Whether this browser can be fed with that type. */
export function canFeed(mime: string): boolean {
  const types = typesOf(mime);
  return types !== null && Object.values(types).every((type) => Source?.isTypeSupported(type));
}

/** A source of media; throws where there is none. */
export function newSource(): MediaSource {
  if (!Source) throw new Failed('failed');
  return new Source();
}

/** Bytes that a buffer has still to take. `drops`: the browser may think them to follow a gap. */
interface Waiting {
  buffer: SourceBuffer;
  bytes: ArrayBuffer;
  drops: boolean;
}

export class Sink {
  readonly #buffers: Each<SourceBuffer>;
  #splitter: Splitter | null = null;
  #waiting: Waiting[] = [];
  /** Nobody knew how long the last picture lasts. */
  #open = false;
  #dropped = false;

  /** Into an open source. */
  constructor(source: MediaSource, mime: string) {
    const types = typesOf(mime);
    if (!types) throw new Failed('failed');
    this.#buffers = {
      picture: source.addSourceBuffer(types.picture),
      ...(types.sound && { sound: source.addSourceBuffer(types.sound) }),
    };
  }

  get updating(): boolean {
    return this.#all().some(({ updating }) => updating);
  }

  /** Whether the two do not hold the same, or the browser has dropped pictures. */
  get torn(): boolean {
    return this.#waiting.length > 0 || this.#dropped;
  }

  /** Takes the initialization segment. */
  async begin(bytes: ArrayBuffer): Promise<void> {
    this.#splitter = new Splitter(bytes);
    this.#want(this.#splitter.init, false);
    await this.drain();
  }

  /** Accepts clusters that end at that second; `drain` puts them in. */
  put(clusters: ArrayBuffer, end: number): void {
    if (!this.#splitter) throw new Failed('failed');
    const parts = this.#splitter.split(clusters, end);
    this.#want(parts, this.#open);
    if (parts.picture.byteLength > 0) this.#open = parts.open;
  }

  /** Puts in what was accepted. Throws the browser's `QuotaExceededError` as it is; call it again. */
  async drain(): Promise<void> {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const { buffer, bytes, drops } = next;
      const before = endOf(buffer);
      await done(buffer, () => buffer.appendBuffer(bytes));
      this.#waiting.shift();
      if (drops && endOf(buffer) === before) this.#dropped = true;
    }
  }

  async remove(from: number, to: number): Promise<void> {
    for (const buffer of this.#all()) {
      if (buffer.buffered.length > 0) await done(buffer, () => buffer.remove(from, to));
    }
  }

  /** Removes all, and is whole again. */
  async clear(): Promise<void> {
    await this.remove(0, Infinity);
    this.#waiting = [];
    this.#open = false;
    this.#dropped = false;
  }

  #all(): SourceBuffer[] {
    return Object.values(this.#buffers);
  }

  #want({ picture, sound }: Each<ArrayBuffer>, drops: boolean): void {
    const buffers = this.#buffers;
    const waiting = [{ buffer: buffers.picture, bytes: picture, drops }];
    if (buffers.sound && sound) waiting.push({ buffer: buffers.sound, bytes: sound, drops: false });
    this.#waiting = waiting.filter(({ bytes }) => bytes.byteLength > 0);
  }
}

/** The last second that a buffer holds; null if it holds nothing. */
function endOf({ buffered }: SourceBuffer): number | null {
  return buffered.length > 0 ? buffered.end(buffered.length - 1) : null;
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
