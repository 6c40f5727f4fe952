/**
 * A browser that looks on in a lesson of bots, with the real client, and says what it receives:
 * bytes as Chromium counts them, and how old a frame is when it is whole.
 *
 * Invariant: it counts the very stretch of time that the bots counted, on the same clock.
 * Leaves out: what is compared (bots.test.mjs).
 */
import { readFileSync } from 'node:fs';
import { join as path } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { join } from './classroom.mjs';
import { ask } from './judge.mjs';
import { cores, processOf, spent } from './processor.mjs';
import { until } from './until.mjs';

const STAMPS = readFileSync(path(import.meta.dirname, 'stamps.js'), 'utf8');
const EVERY = 200;

/** Has a person of `classroom` look on in the lesson of `bots`. */
export async function lookOn(classroom, i, bots, name) {
  // The policy of the page, which is judged elsewhere, has no place for another worker.
  const page = await classroom.window(i, { scripts: [STAMPS], bypassCSP: true });
  await join(page, await bots.link(), name);
  return new Onlooker(page, await processOf((await classroom.browser(i)).browser));
}

class Onlooker {
  #process;
  #since;
  #samples = [];

  constructor(page, process) {
    this.page = page;
    this.#process = process;
  }

  /** Waits until it has so many pictures of this height, and so many voices. */
  async sees(pictures, height, voices) {
    await until(`${pictures} pictures and ${voices} voices arrive`, async () => {
      const lines = await ask(this.page, 'statistics', 'inbound-rtp');
      const shown = lines.filter((one) => one.framesDecoded > 10 && one.frameHeight === height);
      const heard = lines.filter((one) => one.kind === 'audio' && one.packetsReceived > 20);
      if (shown.length === pictures && heard.length === voices) return true;
      throw new Error(JSON.stringify(lines.map((one) => [one.mid, one.framesDecoded, one.frameHeight, one.packetsReceived])));
    }, { within: 20_000 });
  }

  /** Counts from now on; before this comes back it has begun. */
  async watch() {
    await this.page.evaluate('kreideStamps.take().then(() => null)');
    this.#since = { at: Date.now(), ...spent(this.#process) };
    await this.#sample();
  }

  /** Goes on to count until `isOver`. */
  async watchUntil(isOver) {
    while (!isOver()) {
      await this.#sample();
      await pause(EVERY);
    }
    await this.#sample();
    const seconds = (Date.now() - this.#since.at) / 1000;
    this.cores = cores(this.#since, spent(this.#process), seconds);
    const { frames, offset } = await this.page.evaluate('kreideStamps.take()');
    this.frames = frames;
    /** Milliseconds by which the page's clock and the wall's have come apart. */
    this.offset = offset;
  }

  /**
   * What it received in a stretch of time.
   * @param {number} from milliseconds since 1970
   * @returns {{kbit: object, latency: object, handed: object, frames: object, layers: object}} by
   *   `audio` and `video`: kbit/s, median ms from capture to the whole frame and to its way to the
   *   decoder, and how many frames; the layers that came, by publisher
   */
  between(from, seconds) {
    const to = from + seconds * 1000;
    const within = this.frames.filter(({ at, stamp }) => stamp && at >= from && at < to);
    const of = (kind) => within.filter(({ line }) => line === kind);
    const both = (about) => ({ audio: about('audio'), video: about('video') });
    const layers = {};
    for (const { stamp } of of('video')) (layers[stamp.publisher] ??= new Set()).add(stamp.layer);
    return {
      kbit: both((kind) => ((this.#after(to)[kind] - this.#octets(kind, from)) * 8) / 1000 / seconds),
      latency: both((kind) => median(of(kind).map(({ at, stamp }) => at - stamp.captured))),
      handed: both((kind) => median(of(kind).map(({ handed, stamp }) => handed - stamp.captured))),
      frames: both((kind) => of(kind).length),
      layers: Object.fromEntries(Object.entries(layers).map(([whose, all]) => [whose, [...all]])),
    };
  }

  /** Bytes that Chromium had counted by then, as everything flows: in proportion. */
  #octets(kind, at) {
    const two = this.#after(at);
    const one = this.#samples[this.#samples.indexOf(two) - 1];
    return one[kind] + ((two[kind] - one[kind]) * (at - one.at)) / (two.at - one.at);
  }

  /** The first sample after that. After the end of the bots' stretch they send nothing more. */
  #after(at) {
    const next = this.#samples.findIndex((sample) => sample.at >= at);
    if (next < 1) throw new Error('the browser was not watched at that time');
    return this.#samples[next];
  }

  async #sample() {
    const sums = { at: 0, audio: 0, video: 0 };
    for (const line of await ask(this.page, 'statistics', 'inbound-rtp')) {
      sums.at = line.timestamp;
      sums[line.kind] += line.bytesReceived;
    }
    this.#samples.push(sums);
  }
}

/** The middle one of some values. */
export function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)];
}
