/**
 * What a lesson is like over a bad network:
 * `node e2e/link-baseline.mjs PROFILE [--firefox] [--seconds 30] [--hole 3] [--seed 1]`
 * prints one JSON object. A measurement and no test: `make build` first, and as root.
 *
 * The teacher and the server stand in side b. A pupil joins from side a, with Chromium or Firefox,
 * over the link. Times run from the press on "Beitreten"; the page has been loaded over the same
 * link before. Then both are watched for a while: what reaches the pupil went down the link, what
 * reaches the teacher went up. With `--hole` the network then goes away for that many seconds.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openClassroom, inside, press, switchOn, WORDS } from './lib/classroom.mjs';
import { startChromium } from './lib/chromium.mjs';
import { startFirefox } from './lib/firefox.mjs';
import { ask, progress } from './lib/judge.mjs';
import { insideLink, runInside, startLink } from './lib/link.mjs';
import { IN_FIREFOX } from './lib/media.mjs';
import { until } from './lib/until.mjs';

const WITHIN = 120_000;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    firefox: { type: 'boolean', default: false },
    hole: { type: 'string' },
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
    if (values.hole) await hole(ben, Number(values.hole), result);
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
  result.msToLoad = Math.round(performance.now() - opened);
  const reached = page.evaluate(`(${steps})(${WITHIN})`);
  const pressed = performance.now();
  await press(page, WORDS.join, { within: WITHIN });
  await inside(page, { within: WITHIN });
  result.msAfterPress = { joined: Math.round(performance.now() - pressed), ...(await reached) };
  await switchOn(page, WORDS.microphone);
  await switchOn(page, WORDS.camera);
  return page;
}

/** Waits until the teacher has the pupil's picture; tells how long that took from its camera on. */
async function reaches(page, result) {
  const on = performance.now();
  const decoded = async () => (await ask(page, 'pictures')).some((line) => line.decoded > 0);
  await until('the teacher has a picture of the pupil', decoded, { within: WITHIN, every: 20 });
  result.msUntilTeacherSees = Math.round(performance.now() - on);
}

/* Runs inside the page: milliseconds from the press to each step, null for one not reached. */
async function steps(within) {
  const start = await new Promise((done) => {
    addEventListener('click', () => done(performance.now()), { once: true, capture: true });
  });
  const reached = {
    answered: null,
    iceConnected: null,
    dtlsConnected: null,
    firstAudio: null,
    firstFrame: null,
  };
  const note = (step, is, now) => {
    if (is) reached[step] ??= now;
  };
  while (Object.values(reached).includes(null)) {
    const now = Math.round(performance.now() - start);
    if (now > within) break;
    for (const { connection, remote } of kreideProbe.peers) {
      note('answered', remote > 0, now);
      note('iceConnected', ['connected', 'completed'].includes(connection.iceConnectionState), now);
      note('dtlsConnected', connection.connectionState === 'connected', now);
    }
    for (const line of await kreideProbe.statistics('inbound-rtp')) {
      // What was made up before anything came is no sound.
      note('firstAudio', line.totalSamplesReceived > line.concealedSamples, now);
      note('firstFrame', line.framesDecoded > 0, now);
    }
    await new Promise((done) => setTimeout(done, 20));
  }
  return reached;
}

/** What one page received over `seconds`, and which layers of its camera it sent. */
async function watch(page) {
  const before = await state(page);
  await pause(seconds * 1000);
  const after = await state(page);
  const share = (part) => {
    const of = after.sound.samples - before.sound.samples;
    return of > 0 ? rounded(((after.sound[part] - before.sound[part]) / of) * 100, 2) : null;
  };
  const shown = after.pictures.filter(({ decoded }) => decoded > 0);
  return {
    concealedPercent: share('concealed'),
    silentConcealedPercent: share('silent'),
    // A picture that stands still to the end has no frames and counts as no freeze.
    pictures: progress(before.pictures, shown).map(({ rate, freezes, frozen }) => ({
      framesPerSecond: rounded(rate, 1),
      freezes,
      frozenSeconds: rounded(frozen, 2),
    })),
    sent: after.layers.map(({ rid, frames, limited }) => {
      const earlier = before.layers.find((layer) => layer.rid === rid)?.frames ?? 0;
      return { rid, framesPerSecond: rounded((frames - earlier) / seconds, 1), limited };
    }),
  };
}

async function state(page) {
  return { pictures: await ask(page, 'pictures'), sound: await sound(page), layers: await layers(page) };
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

/** What was sent of the camera; `limited`: what the browser says holds it back. */
async function layers(page) {
  const lines = await ask(page, 'statistics', 'outbound-rtp');
  return lines
    .filter(({ kind, framesEncoded }) => kind === 'video' && framesEncoded > 0)
    .map(({ rid = null, framesEncoded, qualityLimitationReason = null }) => ({
      rid,
      frames: framesEncoded,
      limited: qualityLimitationReason,
    }));
}

/**
 * Takes the network away for some seconds and tells how long after its return the page decodes
 * a picture and hears again.
 */
async function hole(page, length, result) {
  const everything = async () => {
    const { pictures, sound: heard } = await state(page);
    const frames = pictures.reduce((sum, { decoded }) => sum + decoded, 0);
    return { frames, real: heard.samples - heard.concealed };
  };
  await link.order({ set: { both: { black_hole: true } } });
  await pause(length * 1000);
  const before = await everything();
  await link.order({ set: { both: { black_hole: false } } });
  const back = performance.now();
  const since = async (what, grown) => {
    await until(`${what} is back`, async () => grown(await everything()), { within: WITHIN, every: 20 });
    return Math.round(performance.now() - back);
  };
  const [picture, voice] = await Promise.all([
    since('the picture', ({ frames }) => frames > before.frames),
    // More than a tenth of a second: the jitter buffer plays out a last packet late.
    since('the sound', ({ real }) => real > before.real + 4800),
  ]);
  result.hole = { seconds: length, msToPicture: picture, msToSound: voice };
}

function rounded(value, digits) {
  return Number(value.toFixed(digits));
}
