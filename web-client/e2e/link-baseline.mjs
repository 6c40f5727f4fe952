/**
 * What a lesson is like over a bad network:
 * `node e2e/link-baseline.mjs PROFILE [--firefox] [--seconds 30] [--seed 1]`
 * prints one JSON object. A measurement and no test: `make build` first, and as root.
 *
 * The teacher and the server stand in side b. A pupil joins from side a, with Chromium or Firefox,
 * over the link. Times run from the press on "Beitreten"; the page has been loaded over the same
 * link before. Then both are watched for a while: what reaches the pupil went down the link, what
 * reaches the teacher went up.
 */
import { parseArgs } from 'node:util';
import { openClassroom, inside, press, switchOn, WORDS } from './lib/classroom.mjs';
import { startChromium } from './lib/chromium.mjs';
import { startFirefox } from './lib/firefox.mjs';
import { ask, decodedWhile } from './lib/judge.mjs';
import { insideLink, runInside, startLink } from './lib/link.mjs';
import { IN_FIREFOX } from './lib/media.mjs';
import { until } from './lib/until.mjs';

const WITHIN = 120_000;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    firefox: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
  },
});
const [profile] = positionals;
const seconds = Number(values.seconds);
const seed = Number(values.seed);

const link = insideLink();
if (link) await measure();
else process.exitCode = await outside();

async function outside() {
  if (!profile) throw new Error('which profile? `link profiles` lists them');
  const outer = await startLink({ profile, seed });
  try {
    return await runInside(outer, import.meta.filename, process.argv.slice(2));
  } finally {
    await outer.stop();
  }
}

async function measure() {
  const classroom = await openClassroom({ mediaAddress: '0.0.0.0' });
  const bridge = await link.bridge(classroom.server.port);
  const result = { profile, seed, seconds, browser: values.firefox ? 'firefox' : 'chromium' };
  try {
    const kern = await classroom.enter(0, { role: 'teacher', name: 'Frau Kern', start: inSideB });
    const ben = await pupil(classroom, result);
    await reaches(kern, result);
    const views = await Promise.all([watch(ben), watch(kern)]);
    [result.pupil, result.teacher] = views;
  } catch (error) {
    result.failed = String(error.message);
    process.exitCode = 1;
  }
  Object.assign(result, await link.order('counters'));
  console.log(JSON.stringify(result, null, 2));
  await classroom.close().catch((error) => console.error(error.message));
  bridge.stop();
}

/** The teacher's browser. The environment is read before the first wait, and put back then. */
function inSideB(i, options) {
  const own = process.env.CHROMIUM;
  process.env.CHROMIUM = link.chromium;
  const starting = startChromium(i, options);
  if (own === undefined) delete process.env.CHROMIUM;
  else process.env.CHROMIUM = own;
  return starting;
}

/** The pupil joins; tells how long that took. */
async function pupil(classroom, result) {
  const start = values.firefox ? startFirefox : startChromium;
  const url = await classroom.server.link({ role: 'pupil', name: 'Ben Adler' });
  const page = await classroom.window(values.firefox ? IN_FIREFOX : 1, { start });
  page.setDefaultNavigationTimeout(WITHIN);
  const opened = performance.now();
  await page.goto(url.replace('#', '?lang=de#'));
  result.loadedAfterMs = Math.round(performance.now() - opened);
  const first = page.evaluate(`(${firstMedia})(${WITHIN})`);
  const pressed = performance.now();
  await press(page, WORDS.join, { within: WITHIN });
  await inside(page, { within: WITHIN });
  result.joinedAfterMs = Math.round(performance.now() - pressed);
  const { audio, frame } = await first;
  result.firstAudioAfterMs = audio;
  result.firstFrameAfterMs = frame;
  await switchOn(page, WORDS.microphone);
  await switchOn(page, WORDS.camera);
  return page;
}

/** Waits until the teacher has the pupil's picture; tells how long that took from its camera on. */
async function reaches(page, result) {
  const on = performance.now();
  const decoded = async () => (await ask(page, 'pictures')).some((line) => line.decoded > 0);
  await until('the teacher has a picture of the pupil', decoded, { within: WITHIN, every: 20 });
  result.teacherSeesAfterMs = Math.round(performance.now() - on);
}

/* Runs inside the page: milliseconds until sound that was not made up, and until a picture. */
async function firstMedia(within) {
  const pressed = new Promise((done) => {
    addEventListener('click', () => done(performance.now()), { once: true, capture: true });
  });
  const start = await pressed;
  const first = { audio: null, frame: null };
  while (Object.values(first).includes(null)) {
    const now = Math.round(performance.now() - start);
    if (now > within) break;
    for (const line of await kreideProbe.statistics('inbound-rtp')) {
      if (line.kind === 'audio' && line.totalSamplesReceived > line.concealedSamples) first.audio ??= now;
      if (line.kind === 'video' && line.framesDecoded > 0) first.frame ??= now;
    }
    await new Promise((done) => setTimeout(done, 20));
  }
  return first;
}

/** What one page received over `seconds`. */
async function watch(page) {
  const before = await sound(page);
  const pictures = await decodedWhile(page, seconds * 1000);
  const after = await sound(page);
  const share = (part, whole) => {
    const of = after[whole] - before[whole];
    return of > 0 ? Number((((after[part] - before[part]) / of) * 100).toFixed(2)) : null;
  };
  return {
    concealedPercent: share('concealed', 'samples'),
    silentConcealedPercent: share('silent', 'samples'),
    pictures: pictures
      .filter(({ rate, frozen }) => rate > 0 || frozen > 0)
      .map(({ rate, freezes, frozen }) => ({
        framesPerSecond: Number(rate.toFixed(1)),
        freezes,
        frozenSeconds: Number(frozen.toFixed(2)),
      })),
  };
}

/** Samples of all received lines. */
async function sound(page) {
  const sums = { samples: 0, concealed: 0, silent: 0 };
  for (const line of await ask(page, 'statistics', 'inbound-rtp')) {
    if (line.kind !== 'audio') continue;
    sums.samples += line.totalSamplesReceived ?? 0;
    sums.concealed += line.concealedSamples ?? 0;
    sums.silent += line.silentConcealedSamples ?? 0;
  }
  return sums;
}
