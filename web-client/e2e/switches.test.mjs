/**
 * Two cameras take turns in one slot: no freeze, and no frame under the other's name.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openClassroom } from './lib/classroom.mjs';
import { negotiatedOnce, progress, ask, whose } from './lib/judge.mjs';
import { until } from './lib/until.mjs';

const SWITCHES = 12;
const NAMES = { 'Frau Kern': 0, 'Ben Adler': 1 };
let classroom;
let viewer;
let people;

before(async () => {
  classroom = await openClassroom();
  await Promise.all([
    classroom.enter(0, { role: 'teacher', name: 'Frau Kern' }),
    classroom.enter(1, { role: 'pupil', name: 'Ben Adler' }),
  ]);
  viewer = await classroom.window(2);
  await viewer.addInitScript({ path: join(import.meta.dirname, 'lib/viewer.js') });
  await viewer.goto(`${classroom.server.url}/healthz`); // A page of the server without the client.
  const secret = new URL(await classroom.server.link({ role: 'observer', name: 'Zuschauer' })).hash;
  people = await viewer.evaluate(`kreideViewer.enter('${secret.slice(1)}')`);
});

after(() => classroom?.close());

test(`${SWITCHES} switches: no freeze of theirs, every frame's colour matches its name`, async (context) => {
  const numbers = Object.keys(NAMES).map((name) => people.find((one) => one.name === name).no);
  const indexes = new Map(numbers.map((number, at) => [number, at]));
  await viewer.evaluate(`kreideViewer.keep(${JSON.stringify(numbers)})`);
  let before;
  let judged = 0;
  const waits = [];
  for (let turn = 0; turn <= SWITCHES; turn += 1) {
    const number = numbers[turn % 2];
    const asked = await viewer.evaluate(`kreideViewer.look(${number})`);
    const frames = await until(
      `turn ${turn} shows the one asked for`,
      async () => {
        const frames = await viewer.evaluate(`kreideViewer.frames.slice(${judged})`);
        const shown = frames.filter((frame) => frame.whose === number && frame.at > asked);
        return shown.length >= 15 && shown;
      },
      { within: 5000 },
    );
    // The first picture of a connection may need a second keyframe; switches begin after it.
    before ??= await ask(viewer, 'pictures');
    waits.push(Math.round(frames[0].at - asked));
    judged = await viewer.evaluate('kreideViewer.frames.length');
  }
  context.diagnostic(`visible after ${waits.slice(1).join(', ')} ms`);
  const frames = await viewer.evaluate('kreideViewer.frames');
  for (const { error, whose: number, colour } of frames) {
    assert.equal(error, undefined);
    assert.equal(whose(colour), indexes.get(number), `${colour} under the name of ${number}`);
  }
  assert.ok(frames.length > SWITCHES * 15, `${frames.length} frames were judged`);
  // A camera or a machine that stands still shows in the slots that never change, too.
  const lines = progress(before, await ask(viewer, 'pictures'));
  const [line, ...others] = lines.sort((one, other) => one.mid - other.mid);
  assert.ok(others.length === 2 && others.every(({ rate }) => rate > 5), JSON.stringify(others));
  const anyway = others.reduce((sum, other) => sum + other.freezes, 0);
  assert.ok(line.freezes <= anyway, JSON.stringify(lines));
  await negotiatedOnce(viewer);
});
