import { describe, expect, it } from 'vitest';
import { Splitter, typesOf } from './tracks';
import { Failed } from './trouble';

/** An element with a size of one byte. */
function element(id: readonly number[], ...inside: (number | readonly number[])[]): number[] {
  const body = inside.flat();
  return [...id, 0x80 | body.length, ...body];
}

const ID = {
  ebml: [0x1a, 0x45, 0xdf, 0xa3],
  segment: [0x18, 0x53, 0x80, 0x67],
  info: [0x15, 0x49, 0xa9, 0x66],
  tracks: [0x16, 0x54, 0xae, 0x6b],
  cluster: [0x1f, 0x43, 0xb6, 0x75],
};

const UNKNOWN = [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
/** So many bytes, in eight. */
const long = (length: number) => [0x01, 0, 0, 0, 0, 0, 0, length];

const EBML = element(ID.ebml, element([0x42, 0x86], 1));
const INFO = element(ID.info, element([0x2a, 0xd7, 0xb1], [0x0f, 0x42, 0x40]));
const entry = (number: number, type: number) =>
  element([0xae], element([0xd7], number), element([0x83], type));
/** The sound stands first and has number 1. */
const INIT = [
  ...EBML,
  ...ID.segment, ...long(127),
  ...INFO,
  ...element(ID.tracks, entry(1, 2), entry(2, 1)),
];

const timestamp = (milliseconds: number) => element([0xe7], [milliseconds >> 8, milliseconds & 0xff]);
const simple = (track: number, after: number, byte: number) =>
  element([0xa3], [0x80 | track, after >> 8, after & 0xff, 0, byte]);
const group = (track: number, after: number, byte: number, length: number) =>
  element(
    [0xa0],
    element([0xa1], [0x80 | track, after >> 8, after & 0xff, 0, byte]),
    element([0x9b], [length >> 8, length & 0xff]),
  );
const VOID = element([0xec], 1, 2, 3);

const buffer = (bytes: readonly number[]) => new Uint8Array(bytes).buffer;
const bytes = (from: ArrayBuffer) => [...new Uint8Array(from)];
const split = (clusters: readonly number[], end = 2) =>
  new Splitter(buffer(INIT)).split(buffer(clusters), end);

describe('the types of both tracks', () => {
  it.each([
    ['video/webm; codecs="vp8,opus"', { picture: 'video/webm; codecs="vp8"', sound: 'audio/webm; codecs="opus"' }],
    ['video/webm; codecs="vp8"', { picture: 'video/webm; codecs="vp8"' }],
    ['video/webm', null],
    ['video/webm; codecs="vp8,opus,opus"', null],
    ['video/mp4; codecs="avc1,opus"', null],
  ])('%s', (mime, types) => expect(typesOf(mime)).toEqual(types));
});

describe('the initialization segment', () => {
  it('has one track for each', () => {
    const { init } = new Splitter(buffer(INIT));
    const head = [...EBML, ...ID.segment, ...UNKNOWN, ...INFO];
    expect(bytes(init.picture)).toEqual([...head, ...ID.tracks, ...long(8), ...entry(2, 1)]);
    expect(bytes(init.sound ?? new ArrayBuffer(0))).toEqual([...head, ...ID.tracks, ...long(8), ...entry(1, 2)]);
  });

  it('has no sound where there is none', () => {
    const silent = [...EBML, ...ID.segment, ...UNKNOWN, ...element(ID.tracks, entry(1, 1))];
    const splitter = new Splitter(buffer(silent));
    expect(Object.keys(splitter.init)).toEqual(['picture']);
    const parts = splitter.split(buffer(element(ID.cluster, timestamp(0), simple(1, 0, 7))), 1);
    expect(bytes(parts.picture)).toEqual([...ID.cluster, ...long(11), ...timestamp(0), ...simple(1, 0, 7)]);
  });

  it.each([
    ['nothing', []],
    ['no segment', EBML],
    ['no picture', [...EBML, ...ID.segment, ...UNKNOWN, ...element(ID.tracks, entry(1, 2))]],
    ['a size that is missing', ID.segment],
    ['a size that no element has', [...ID.ebml, 0x00]],
    ['more than there is', [...ID.ebml, 0x90, 1]],
  ])('refuses %s', (_, head) => expect(() => new Splitter(buffer(head))).toThrow(Failed));
});

describe('clusters', () => {
  it('are parted in the order of their blocks', () => {
    const parts = split([
      ...element(ID.cluster, timestamp(1000), simple(1, 0, 7), simple(2, 5, 8), simple(1, 20, 9), VOID),
      ...element(ID.cluster, timestamp(1040), simple(1, 0, 10), VOID),
    ]);
    expect(bytes(parts.picture)).toEqual([
      ...ID.cluster, ...long(11), ...timestamp(1000), ...simple(2, 5, 8),
    ]);
    expect(bytes(parts.sound ?? new ArrayBuffer(0))).toEqual([
      ...ID.cluster, ...long(18), ...timestamp(1000), ...simple(1, 0, 7), ...simple(1, 20, 9),
      ...ID.cluster, ...long(11), ...timestamp(1040), ...simple(1, 0, 10),
    ]);
  });

  it('have nothing for a track that is silent', () => {
    const parts = split(element(ID.cluster, timestamp(0), simple(1, 0, 7)));
    expect(parts.picture.byteLength).toBe(0);
    expect(parts.open).toBe(false);
  });

  it.each([
    ['its own', 126, 126, false],
    ['up to the end where nobody knows it', 10_000, 981, true],
  ])('give the last picture %s length', (_, length, becomes, open) => {
    const parts = split(element(ID.cluster, timestamp(1000), group(2, 19, 8, length)));
    expect(bytes(parts.picture)).toEqual([
      ...ID.cluster, ...long(4 + 2 + 7 + 4), ...timestamp(1000), ...group(2, 19, 8, becomes),
    ]);
    expect(parts.open).toBe(open);
  });

  it('are refused where they are cut', () => {
    const whole = element(ID.cluster, timestamp(1000), simple(1, 0, 7));
    for (let length = 1; length < whole.length; length += 1) {
      expect(() => split(whole.slice(0, length)), `${length}`).toThrow(Failed);
    }
  });
});
