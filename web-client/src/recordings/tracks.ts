/**
 * Parts a recording into its tracks (WebM, RFC 9559): of every piece, what is picture and what is
 * sound.
 *
 * A browser that gets both in one buffer wants a cluster to begin after all of the one before it
 * has ended; else Firefox drops pictures up to the next keyframe. The last picture of a cluster
 * nearly always lasts into the next one, so each track gets a buffer of its own.
 * Invariant: blocks pass as they are; only their surroundings are written anew.
 */
import { Failed } from './trouble';

export type Track = 'picture' | 'sound';

/** Something for each track; a recording may be without sound. */
export interface Each<T> {
  picture: T;
  sound?: T;
}

/** Ids of elements (RFC 9559, section 5). */
const ID = {
  segment: 0x1853_8067,
  tracks: 0x1654_ae6b,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  trackType: 0x83,
  cluster: 0x1f43_b675,
  timestamp: 0xe7,
  simpleBlock: 0xa3,
  blockGroup: 0xa0,
  block: 0xa1,
  blockDuration: 0x9b,
} as const;

/** An element, and where what it holds lies: offsets in bytes. */
interface Element {
  id: number;
  at: number;
  data: number;
  end: number;
}

/** What each track's buffer is to be opened with; null if it is no type of recordings. */
export function typesOf(mime: string): Each<string> | null {
  const [, picture, sound] = /^video\/webm; codecs="([^,"]+)(?:,([^,"]+))?"$/u.exec(mime) ?? [];
  if (!picture) return null;
  return {
    picture: `video/webm; codecs="${picture}"`,
    ...(sound && { sound: `audio/webm; codecs="${sound}"` }),
  };
}

/** Knows the tracks of one recording. Throws `Failed` at what is no recording. */
export class Splitter {
  /** The initialization segment of each track. */
  readonly init: Each<ArrayBuffer>;
  readonly #numbers: Each<number>;

  /** Reads the initialization segment of both. */
  constructor(bytes: ArrayBuffer) {
    const view = new DataView(bytes);
    const top = [...elements(view, 0, view.byteLength)];
    const segment = sole(top, ID.segment);
    const inside = [...elements(view, segment.data, segment.end)];
    const tracks = sole(inside, ID.tracks);
    const entries = [...elements(view, tracks.data, tracks.end)].filter(({ id }) => id === ID.trackEntry);
    const find = (type: number) =>
      entries.find((each) => number(view, each, ID.trackType) === type);
    const [picture, sound] = [find(1), find(2)];
    if (!picture) throw new Failed('failed');
    this.#numbers = {
      picture: number(view, picture, ID.trackNumber),
      ...(sound && { sound: number(view, sound, ID.trackNumber) }),
    };
    const only = (entry: Element) => {
      const front = inside.filter(({ at }) => at < tracks.at);
      const track = header(ID.tracks, entry.end - entry.at);
      return join([
        ...top.filter(({ at }) => at < segment.at).map((each) => cut(bytes, each)),
        // Of unknown size: clusters follow.
        new Uint8Array([0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ...front.map((each) => cut(bytes, each)),
        track,
        cut(bytes, entry),
      ]);
    };
    this.init = { picture: only(picture), ...(sound && { sound: only(sound) }) };
  }

  /**
   * Parts whole clusters that end at `end`, in seconds: a picture whose length nobody knows yet
   * lasts until then, and leaves its track `open`. What a track has nothing of is empty.
   */
  split(bytes: ArrayBuffer, end: number): Each<ArrayBuffer> & { open: boolean } {
    const view = new DataView(bytes);
    const pieces: Record<Track, Uint8Array[]> = { picture: [], sound: [] };
    let open = false;
    for (const cluster of elements(view, 0, view.byteLength)) {
      if (cluster.id !== ID.cluster) continue;
      const inside = [...elements(view, cluster.data, cluster.end)];
      const timestamp = sole(inside, ID.timestamp);
      const start = unsigned(view, timestamp.data, timestamp.end);
      for (const track of ['picture', 'sound'] as const) {
        const blocks = inside.filter((each) => this.#isOf(track, view, each));
        if (blocks.length === 0) continue;
        if (track === 'picture') {
          open = false;
          for (const block of blocks) open = close(view, block, start, end * 1000) || open;
        }
        const body = [timestamp, ...blocks].map((each) => cut(bytes, each));
        pieces[track].push(header(ID.cluster, lengthOf(body)), ...body);
      }
    }
    return { picture: join(pieces.picture), sound: join(pieces.sound), open };
  }

  #isOf(track: Track, view: DataView, element: Element): boolean {
    const block = blockIn(view, element);
    return block !== null && vint(view, block.data).value === this.#numbers[track];
  }
}

/** Lengths from here on mean that nobody knew it yet: milliseconds. */
const OPEN_END = 10_000;

/** Gives a picture of unknown length one that ends at `end`: milliseconds. False: it has its own. */
function close(view: DataView, group: Element, start: number, end: number): boolean {
  if (group.id !== ID.blockGroup) return false;
  const inside = [...elements(view, group.data, group.end)];
  const length = inside.find(({ id }) => id === ID.blockDuration);
  const block = inside.find(({ id }) => id === ID.block);
  if (!length || !block || length.end - length.data !== 2) return false;
  if (view.getUint16(length.data) < OPEN_END) return false;
  const at = start + view.getInt16(vint(view, block.data).next);
  view.setUint16(length.data, Math.min(Math.max(1, Math.round(end - at)), OPEN_END));
  return true;
}

/** The block that an element is or holds. */
function blockIn(view: DataView, element: Element): Element | null {
  if (element.id === ID.simpleBlock) return element;
  if (element.id !== ID.blockGroup) return null;
  return sole([...elements(view, element.data, element.end)], ID.block);
}

/** The elements of one level (RFC 8794, section 6). */
function* elements(view: DataView, from: number, to: number): Generator<Element> {
  for (let at = from; at < to; ) {
    const length = width(view, at);
    const id = unsigned(view, at, at + length);
    const { value, next } = vint(view, at + length);
    // A segment is longer than what is at hand of it.
    const end = id === ID.segment ? to : next + value;
    if (end > to) throw new Failed('failed');
    yield { id, at, data: next, end };
    at = end;
  }
}

/** A number of variable size (RFC 8794, section 4), and where it ends. */
function vint(view: DataView, at: number): { value: number; next: number } {
  const length = width(view, at);
  const first = view.getUint8(at) & (0xff >> length);
  const next = at + length;
  return { value: first * 256 ** (length - 1) + unsigned(view, at + 1, next), next };
}

/** Bytes of the number that begins here. */
function width(view: DataView, at: number): number {
  const length = at < view.byteLength ? Math.clz32(view.getUint8(at)) - 23 : 0;
  if (length < 1 || length > 8 || at + length > view.byteLength) throw new Failed('failed');
  return length;
}

function unsigned(view: DataView, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) value = value * 256 + view.getUint8(at);
  return value;
}

function sole(all: readonly Element[], id: number): Element {
  const found = all.find((each) => each.id === id);
  if (!found) throw new Failed('failed');
  return found;
}

function number(view: DataView, parent: Element, id: number): number {
  const { data, end } = sole([...elements(view, parent.data, parent.end)], id);
  return unsigned(view, data, end);
}

/** Id and size, the latter in eight bytes. */
function header(id: number, size: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(12));
  bytes.setUint32(0, id);
  bytes.setUint32(4, 0x0100_0000);
  bytes.setUint32(8, size);
  return new Uint8Array(bytes.buffer);
}

function cut(bytes: ArrayBuffer, { at, end }: Element): Uint8Array {
  return new Uint8Array(bytes, at, end - at);
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

function join(pieces: readonly Uint8Array[]): ArrayBuffer {
  const all = new Uint8Array(lengthOf(pieces));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all.buffer;
}
