/**
 * What a test says about a page: who sees, hears and calls whom what.
 *
 * Works alike for Playwright's and Puppeteer's pages: both have `evaluate`.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { PEOPLE } from './media.mjs';
import { until } from './until.mjs';

const TONES = PEOPLE.map(({ tone }) => tone);

/** Calls a function of the judge inside the page. */
export function ask(page, name, ...words) {
  return page.evaluate(`kreideProbe.${name}(...${JSON.stringify(words)})`);
}

/** Whose colour this is: the index of the nearest person, or null if it is nobody's. */
export function whose(colour) {
  const distances = PEOPLE.map((person) => distance(person.colour, colour));
  const nearest = distances.indexOf(Math.min(...distances));
  return distances[nearest] < 60 ? nearest : null;
}

/** How far two colours lie apart. */
export function distance(one, other) {
  return Math.hypot(...one.map((value, at) => value - other[at]));
}

/**
 * The tile that names `name`; if there are several, one with a picture.
 * @returns {Promise<object | undefined>} as `kreideProbe.tiles()` describes it
 */
export async function tile(page, name, kind = 'camera') {
  const all = await ask(page, 'tiles');
  const named = all.filter((one) => one.kind === kind && one.text.includes(name));
  return named.find(({ colour }) => colour) ?? named[0];
}

/** Waits until the page shows person `i` under `name`, and nobody else under it. */
export async function sees(page, name, i, limits) {
  return until(`the picture of ${name} is shown`, async () => {
    const found = await tile(page, name);
    if (!found?.colour) return null;
    assert.equal(whose(found.colour), i, `${found.colour} is shown under the name ${name}`);
    return found;
  }, limits);
}

/**
 * Waits until exactly these persons' tones arrive, and come out of an audio element too.
 * @param {number[]} indexes of `PEOPLE`
 */
export async function hears(page, indexes, limits = { within: 15_000 }) {
  const expected = indexes.map((i) => PEOPLE[i].tone).sort((a, b) => a - b);
  let last;
  await until(`the tones ${expected} are heard`, async () => {
    last = await ask(page, 'listen', TONES, 1500);
    assert.deepEqual(last, { heard: expected, played: expected });
    return true;
  }, limits);
}

/**
 * How the received video lines did between two answers of `pictures`.
 * @returns {{mid: string, rate: number, freezes: number, frozen: number}[]} frames a second,
 *   how often and how many seconds the picture stood still
 */
export function progress(before, after) {
  const nothing = { decoded: 0, freezes: 0, frozen: 0 };
  return after.map((line) => {
    const earlier =
      before.find(({ peer, mid }) => peer === line.peer && mid === line.mid) ?? nothing;
    const seconds = (line.at - (earlier.at ?? before[0]?.at ?? line.at)) / 1000;
    return {
      mid: line.mid,
      rate: seconds > 0 ? (line.decoded - earlier.decoded) / seconds : 0,
      freezes: line.freezes - earlier.freezes,
      frozen: line.frozen - earlier.frozen,
    };
  });
}

/** Waits and says how the received video lines did meanwhile. */
export async function decodedWhile(page, milliseconds) {
  const before = await ask(page, 'pictures');
  await pause(milliseconds);
  return progress(before, await ask(page, 'pictures'));
}

/** Asserts that each peer connection of the page has negotiated exactly once. */
export async function negotiatedOnce(page) {
  assert.deepEqual(await ask(page, 'negotiations'), [{ local: 1, remote: 1 }]);
}

/**
 * Starts to watch every shown frame of a page; the function it gives back ends that and asserts
 * that no picture stood under a wrong name.
 * @param {Record<string, number>} people index of `PEOPLE` by name
 * @returns {Promise<() => Promise<Map<string, number>>>} frames seen, by name
 */
export async function watchNames(page, people) {
  await page.evaluate('window.kreideWatch = kreideProbe.watch(); null');
  return async () => {
    const frames = new Map();
    for (const { text, colour, count } of await page.evaluate('kreideWatch.stop()')) {
      const name = Object.keys(people).find((each) => text.includes(each));
      assert.ok(name, `a picture without a known name: ${text}`);
      assert.equal(whose(colour), people[name], `${count} frames of ${colour} under ${text}`);
      frames.set(name, (frames.get(name) ?? 0) + count);
    }
    return frames;
  };
}
