/**
 * What a recording survives: a killed server, a full disk, and people who should not see it. And
 * how far sound and picture lie apart in it.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { WORDS, isShown, openClassroom, press, says } from './lib/classroom.mjs';
import { inspect, onsets, pictures, sound } from './lib/film.mjs';
import { startFirefox } from './lib/firefox.mjs';
import { decodedWhile, sees } from './lib/judge.mjs';
import { IN_FIREFOX } from './lib/media.mjs';
import { access, files, list, runs, shown, startRecording } from './lib/recorder.mjs';
import { until } from './lib/until.mjs';

/** A lesson of a teacher and, if wanted, pupils; ends with the test. */
async function lesson(context, { settings, pupils = 0, ...teacher } = {}) {
  const classroom = await openClassroom({ settings });
  context.after(() => classroom.close());
  const { server } = classroom;
  const kern = await classroom.enter(0, { role: 'teacher', name: 'Frau Kern', ...teacher });
  const names = ['Ben Adler', 'Emil Busch'].slice(0, pupils);
  const others = await Promise.all(
    names.map((name, i) => classroom.enter(i + 1, { role: 'pupil', name })),
  );
  const link = await server.link({ role: 'teacher', name: 'Frau Kern' });
  return { classroom, server, kern, others, pass: await access(server, link) };
}

test('a killed server loses less than two seconds', async (context) => {
  const { server, kern, pass } = await lesson(context);
  await startRecording(kern);
  const { started } = await until('it is listed', async () => (await list(server, pass))[0]);
  await pause(12_400);
  const killed = Date.now();
  await server.end('SIGKILL');

  const [film] = await files(server.data);
  const { at } = (await pictures(film)).at(-1);
  const whole = (killed - started) / 1000;
  context.diagnostic(`${whole.toFixed(2)} s were lived, pictures end at ${at.toFixed(2)} s`);
  assert.ok(at > whole - 2, `${whole - at} s are lost`);

  await server.start();
  const recording = await until(`nearly all of ${whole} s is listed`, async () => {
    const [one] = await list(server, pass);
    assert.ok(!one.running && one.length / 1000 > whole - 2, JSON.stringify(one));
    return one;
  }, { within: 5000 });
  const { complaints, format } = await inspect(film);
  assert.equal(complaints, '');
  assert.ok(Math.abs(Number(format.duration) - recording.length / 1000) < 0.1, format.duration);

  await until('the teacher is told', () => says(kern, 'Die Aufnahme hat um'), { within: 20_000 });
  assert.equal(await runs(kern), false);
});

test('a full disk is told within five seconds, and the lesson goes on', { skip: mayMount() }, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'kreide-e2e-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]);
  context.after(() => {
    execFileSync('umount', ['--lazy', folder]);
    rmdirSync(folder);
  });
  // What is left is full after some seconds of lesson.
  writeFileSync(join(folder, 'ballast'), Buffer.alloc(3_900_000));
  const { server, kern, others, pass } = await lesson(context, {
    settings: { recordings: folder },
    pupils: 1,
  });
  const [ben] = others;
  await sees(ben, 'Frau Kern', 0);
  await startRecording(kern);
  await until('the recording has stopped', async () => !(await runs(kern)), {
    within: 60_000, every: 50,
  });
  await until('the teacher reads why', () => says(kern, 'Speicher voll'), { within: 5000 });
  const lines = await decodedWhile(ben, 3000);
  assert.ok(lines.some(({ rate }) => rate >= 20), `the lesson goes on: ${JSON.stringify(lines)}`);

  const [recording] = await list(server, pass);
  assert.equal(recording.running, false);
  assert.ok(recording.length > 2000, `${recording.length} ms are kept`);
  const [film] = await files(folder);
  const { complaints, format } = await inspect(film);
  assert.equal(complaints, '');
  const short = recording.length / 1000 - Number(format.duration ?? 0);
  assert.ok(Math.abs(short) < 2, `${format.duration} s in the file, ${recording.length} ms listed`);
});

test('who comes late is told, and nobody else can watch', async (context) => {
  const { classroom, server, kern, pass } = await lesson(context);
  await startRecording(kern);
  const ben = await classroom.enter(1, { role: 'pupil', name: 'Ben Adler', recordable: true });
  await until('the latecomer is asked', () => says(ben, 'Darf man dich in der Aufnahme'));
  assert.ok(await runs(ben));
  await pause(2000);
  await press(kern, WORDS.stopRecording);
  const [recording] = await until('it has ended', async () => {
    const all = await list(server, pass);
    return !all[0].running && all;
  });
  const links = {
    pupil: await server.link({ role: 'pupil', name: 'Ben Adler' }),
    neighbour: await server.link({ role: 'teacher', name: 'Herr Lang', room: '8a' }),
  };
  const holders = {
    teacher: pass,
    pupil: await access(server, links.pupil),
    neighbour: await access(server, links.neighbour),
    forger: `${pass.slice(0, -6)}AAAAAA`,
  };
  const calls = [
    ['GET', ''], ['GET', '/media'], ['POST', '/download'], ['POST', '/release'], ['DELETE', ''],
  ];
  const ask = (holder, method, path, body) =>
    fetch(`${server.url}/api/recordings/${recording.id}${path}`, {
      method,
      headers: {
        ...(holders[holder] && { authorization: `Bearer ${holders[holder]}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      body,
    });
  for (const [method, path] of calls) {
    const body = path === '/release' ? '{"released":true}' : undefined;
    for (const [holder, status] of [['pupil', 404], ['neighbour', 404], ['forger', 401], ['nobody', 401]]) {
      const reply = await ask(holder, method, path, body);
      assert.equal(reply.status, status, `${method} ${path} by ${holder}`);
    }
  }
  const file = await ask('teacher', 'GET', '/media');
  assert.ok(file.ok && (await file.arrayBuffer()).byteLength === recording.bytes);

  // A stranger at the player's own address.
  const stranger = await classroom.window(1);
  await stranger.goto(`${server.url}/r?lang=de#${recording.id}.${holders.neighbour}`);
  await until('the stranger is told', () => says(stranger, 'Diese Aufnahme gibt es nicht mehr'));
  assert.equal(await stranger.evaluate(() => document.querySelector('video')?.readyState ?? 0), 0);
  stranger.complaints.length = 0;

  // Released, the class may watch it, and no more than that.
  assert.ok((await ask('teacher', 'POST', '/release', '{"released":true}')).ok);
  assert.equal((await ask('pupil', 'GET', '')).status, 200);
  assert.equal((await ask('pupil', 'DELETE', '')).status, 403);
  assert.equal((await ask('neighbour', 'GET', '')).status, 404);

  // In the other browser, too.
  const fox = await classroom.window(IN_FIREFOX, { start: startFirefox });
  await fox.goto(`${server.url}/r?lang=de#${recording.id}.${holders.pupil}`);
  await until('the pupil may press play', () => isShown(fox, WORDS.play));
  // It begins by itself where the browser lets it.
  const begins = until('it begins', async () => (await shown(fox)).at > 0, { within: 3000 });
  await begins.catch(() => press(fox, WORDS.play));
  await until('Firefox has played most of it', async () => {
    const { at, failed, colour, ...more } = await shown(fox);
    assert.ok(failed === null && colour && at > 1.5, JSON.stringify({ at, failed, ...more }));
    return true;
  });
  const ranges = await fox.evaluate(() => {
    const { buffered } = document.querySelector('video');
    return Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)]);
  });
  assert.equal(ranges.length, 1, `no picture is missing: ${JSON.stringify(ranges)}`);
});

test('sound and picture lie at most 40 ms apart', async (context) => {
  const clapper = await readFile(join(import.meta.dirname, 'lib/clapper.js'), 'utf8');
  const { server, kern } = await lesson(context, { scripts: [clapper] });
  await startRecording(kern);
  await pause(18_000);
  await press(kern, WORDS.stopRecording);
  await until('it has stopped', async () => !(await runs(kern)));
  await pause(1000);
  const [film] = await files(server.data);
  const flashes = [];
  let white = true;
  for (const { at, light } of await pictures(film)) {
    if (!white && light > 150) flashes.push(at);
    white = light > 150;
  }
  const beeps = onsets(await sound(film), 1000);
  const offsets = flashes.flatMap((flash) => {
    const nearest = beeps.reduce((one, other) =>
      Math.abs(other - flash) < Math.abs(one - flash) ? other : one, Infinity);
    return Math.abs(nearest - flash) < 0.8 ? [1000 * (nearest - flash)] : [];
  });
  const [least, middle, most] = [0, 0.5, 1].map((part) =>
    offsets.toSorted((a, b) => a - b)[Math.round(part * (offsets.length - 1))]);
  context.diagnostic(
    `sound after picture: median ${middle.toFixed(0)} ms, ${least.toFixed(0)} to ${most.toFixed(0)} ms, ` +
      `${offsets.length} claps`,
  );
  assert.ok(offsets.length >= 6, `${flashes.length} flashes, ${beeps.length} beeps`);
  assert.ok(Math.abs(middle) <= 40, `the median is ${middle} ms`);
});

function mayMount() {
  return process.getuid() === 0 ? false : 'needs root to mount a small disk';
}
