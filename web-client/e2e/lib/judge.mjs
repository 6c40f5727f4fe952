/**
 * What a test says about a page: who sees, hears and calls whom what.
 *
 * Works alike for Playwright's and Puppeteer's pages: both have `evaluate`.
 */
import assert from 'node:assert/strict';
import { PEOPLE } from './media.mjs';
import { until } from './until.mjs';

const TONES = PEOPLE.map(({ tone }) => tone);

/** Calls a function of the judge inside the page. */
export function ask(page, name, ...words) {
  return page.evaluate(`kreideProbe.${name}(...${JSON.stringify(words)})`);
}

/** Whose colour this is: the index of the nearest person, or null if it is nobody's. */
export function whose(colour) {
  const distances = PEOPLE.map((person) => Math.hypot(...person.colour.map((value, at) => value - colour[at])));
  const nearest = distances.indexOf(Math.min(...distances));
  return distances[nearest] < 60 ? nearest : null;
}

/**
 * The camera tile that names `name`.
 * @returns {Promise<object | undefined>} as `kreideProbe.tiles()` describes it
 */
export async function tile(page, name, kind = 'camera') {
  const all = await ask(page, 'tiles');
  return all.find((one) => one.kind === kind && one.text.includes(name));
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

/** Frames a second that each received video line decoded while `milliseconds` passed. */
export async function decodedPerSecond(page, milliseconds, meanwhile = () => {}) {
  const before = await ask(page, 'pictures');
  const end = performance.now() + milliseconds;
  await meanwhile();
  await until('the time is over', () => performance.now() >= end, { within: milliseconds + 60_000, every: 50 });
  const after = await ask(page, 'pictures');
  return after.map((line) => {
    const earlier = before.find(({ peer, mid }) => peer === line.peer && mid === line.mid) ?? { decoded: 0, freezes: 0, frozen: 0, at: line.at - milliseconds };
    return {
      mid: line.mid,
      rate: ((line.decoded - earlier.decoded) * 1000) / (line.at - earlier.at),
      freezes: line.freezes - earlier.freezes,
      frozen: line.frozen - earlier.frozen,
    };
  });
}

/** Asserts that each peer connection of the page has negotiated exactly once. */
export async function negotiatedOnce(page) {
  assert.deepEqual(await ask(page, 'negotiations'), [{ local: 1, remote: 1 }]);
}
