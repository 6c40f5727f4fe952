/**
 * A lesson of a minute is recorded: a teacher, a pupil who may and wants to be in it, and one who
 * may not. It plays right after the end, and nothing of the third is in it.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import {
  WORDS, openClassroom, press, says, switchOff, switchOn,
} from './lib/classroom.mjs';
import { inspect, pictures, sound, tones } from './lib/film.mjs';
import { distance, whose } from './lib/judge.mjs';
import { SCREEN } from './lib/media.mjs';
import { access, files, list, openPanel, playing, runs, shown } from './lib/recorder.mjs';
import { until } from './lib/until.mjs';

const [KERN, BEN, EMIL] = [0, 1, 2];
const SECONDS = 60;

let classroom;
let server;
let pages;
let pass;
let player;
let film;
/** The local clock when the recording was seen to run, and when the lesson was ended. */
let began;
let ended;
let cpu;

before(async () => {
  classroom = await openClassroom({ settings: { 'texts-kept-seconds': 1 } });
  server = classroom.server;
  pages = await Promise.all([
    classroom.enter(KERN, { role: 'teacher', name: 'Frau Kern', scripts }),
    classroom.enter(BEN, { role: 'pupil', name: 'Ben Adler', recordable: true, scripts }),
    classroom.enter(EMIL, { role: 'pupil', name: 'Emil Busch', asClass: true, scripts }),
  ]);
  pass = await access(server, await server.link({ role: 'teacher', name: 'Frau Kern' }));
});

after(() => classroom?.close());

/** Counts the strokes that a page plays. */
const scripts = [`
  globalThis.strokes = 0;
  const { start } = OscillatorNode.prototype;
  OscillatorNode.prototype.start = function (...at) {
    globalThis.strokes += 1;
    start.apply(this, at);
  };
`];

/** Seconds since the recording began. */
const clock = () => (Date.now() - began) / 1000;
const untilSecond = (second) => pause(Math.max(0, second - clock()) * 1000);

test('nothing is on disk before the button', async () => {
  assert.equal(existsSync(join(server.data, 'recordings')), false);
  assert.deepEqual(await list(server, pass), []);
});

test('all are told before it begins, and each what it means for them', async () => {
  const [kern, ben, emil] = pages;
  await openPanel(kern);
  await press(kern, WORDS.startRecording);
  for (const page of pages) {
    await until('it is announced', () => says(page, 'wird aufgenommen'), { within: 3000 });
    await until('and heard', () => page.evaluate(() => globalThis.strokes > 0), { within: 3000 });
    assert.equal(await runs(page), false, 'told before it begins');
  }
  assert.deepEqual(await files(server.data), [], 'and nothing is recorded yet');
  await press(ben, WORDS.consent);
  await until('who may not be in it is told so', () => says(emil, 'nicht in der Aufnahme'));
  for (const page of pages) {
    await until('the sign is on', () => runs(page), { within: 15_000, every: 20 });
  }
  const [recording] = await list(server, pass);
  assert.ok(recording.running);
  began = recording.started;
});

test('the lesson goes on for a minute', async () => {
  const [kern, ben] = pages;
  // Emil talks and shows himself all the time.
  await switchOff(ben, WORDS.microphone);
  await untilSecond(22);
  await switchOff(kern, WORDS.microphone);
  await switchOn(ben, WORDS.microphone);
  await untilSecond(37);
  await switchOff(ben, WORDS.microphone);
  await switchOn(kern, WORDS.microphone);
  await switchOn(kern, WORDS.show);
  await untilSecond(52);
  await switchOff(kern, WORDS.show);
  await untilSecond(SECONDS);
  cpu = await server.metric('kreide_recorder_cpu_seconds_total');
});

test('it plays two seconds after the end', async (context) => {
  const [kern] = pages;
  await press(kern, WORDS.end);
  await press(kern, WORDS.endForAll);
  ended = Date.now();
  const [opened] = await Promise.all([
    kern.context().waitForEvent('page'),
    press(kern, WORDS.watch, { exact: false }),
  ]);
  player = opened;
  await playing(player);
  const after = (Date.now() - ended) / 1000;
  context.diagnostic(`plays ${after.toFixed(2)} s after the end`);
  const busy = Object.values(cpu).reduce((sum, one) => sum + one, 0);
  context.diagnostic(`recorder: ${busy.toFixed(2)} s of CPU for ${SECONDS} s of lesson`);
  assert.ok(after < 2, `it took ${after} s`);
});

test('its length is that of the lesson', async () => {
  const [recording] = await list(server, pass);
  const length = (ended - began) / 1000;
  assert.ok(Math.abs(recording.length / 1000 - length) <= 0.5, `${recording.length} ms, ${length} s`);
  const now = await shown(player);
  assert.ok(Math.abs(now.length - length) <= 0.5, `the player says ${now.length} s`);
});

test('the player seeks', async () => {
  const rows = [[44, SCREEN], [30, BEN], [8, KERN], [57, KERN]];
  for (const [second, what] of rows) {
    await player.evaluate((at) => {
      const bar = document.querySelector('input[type="range"]');
      bar.value = at;
      bar.dispatchEvent(new Event('input', { bubbles: true }));
      bar.dispatchEvent(new Event('change', { bubbles: true }));
    }, second);
    await until(`second ${second} is shown`, async () => {
      const now = await shown(player);
      assert.ok(now.ready >= 2 && Math.abs(now.at - second) < 3, JSON.stringify(now));
      const right = Array.isArray(what) ? distance(now.colour, what) < 40 : whose(now.colour) === what;
      assert.ok(right, JSON.stringify(now));
      return true;
    });
  }
});

test('ffmpeg decodes the file without a complaint', async () => {
  const found = await files(server.data);
  assert.equal(found.length, 1);
  [film] = found;
  const { complaints, format, streams } = await inspect(film);
  assert.equal(complaints, '');
  assert.ok(Math.abs(Number(format.duration) - (ended - began) / 1000) <= 0.5, format.duration);
  assert.deepEqual(streams.map(({ codec_name }) => codec_name).sort(), ['opus', 'vp8']);
});

test('it holds voice and picture of those who consented, and nothing of the third', async () => {
  const seen = await pictures(film);
  const of = (from, to, i) => seen.filter(({ at, who }) => at >= from && at < to && who === i);
  assert.ok(of(4, 22, KERN).length > 300, 'the teacher speaks');
  assert.ok(of(30, 37, BEN).length > 100, 'Ben speaks while the teacher is silent');
  const screen = seen.filter(({ at, colour }) => at > 42 && at < 51 && distance(colour, SCREEN) < 40);
  assert.ok(screen.length > 5, 'what is shown comes first');
  assert.equal(of(0, Infinity, EMIL).length, 0, 'not one picture of Emil');

  const samples = await sound(film);
  const clear = (from, to, i) => tones(samples, from, to)[i] > 14;
  assert.ok(clear(4, 21, KERN) && !clear(4, 21, BEN), 'the teacher alone');
  assert.ok(clear(26, 36, BEN) && !clear(26, 36, KERN), 'Ben alone');
  for (let second = 0; second + 2 <= SECONDS; second += 1) {
    const level = tones(samples, second, second + 2)[EMIL];
    assert.ok(level < 14, `Emil's tone at ${second} s: ${level} dB above what lies beside it`);
  }
  assert.ok(tones(samples, 0, SECONDS)[EMIL] < 6, 'nor over the whole lesson');
});

test('neither the file nor the store holds the name of the third', async () => {
  await until('texts are erased', async () => {
    await server.end();
    const hits = await Promise.all(
      [...(await files(server.data)), join(server.data, 'kreide.db')].map(async (path) =>
        (await readFile(path)).includes('Emil Busch'),
      ),
    );
    if (!hits.includes(true)) return true;
    await server.start();
    await pause(1500);
    return false;
  }, { within: 20_000 });
  await server.start();
});

test('what the teacher deletes is deleted', async () => {
  const [kern] = pages;
  await press(kern, WORDS.deleteIt, { exact: false });
  await press(kern, WORDS.deleteRecording);
  await until('the list is empty', async () => (await list(server, pass)).length === 0);
  assert.deepEqual(await files(server.data), []);
});
