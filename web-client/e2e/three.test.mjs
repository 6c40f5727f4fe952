/**
 * A teacher and two pupils, each in a Chromium of their own, see and hear each other for 30 s.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openClassroom } from './lib/classroom.mjs';
import { ask, decodedWhile, hears, negotiatedOnce, sees, watchNames } from './lib/judge.mjs';

const NAMES = ['Frau Kern', 'Ben Adler', 'Emil Busch'];
const PEOPLE = Object.fromEntries(NAMES.map((name, i) => [name, i]));
let classroom;
let pages;

before(async () => {
  classroom = await openClassroom();
  pages = await Promise.all(
    NAMES.map((name, i) => classroom.enter(i, { role: i === 0 ? 'teacher' : 'pupil', name })),
  );
});

after(() => classroom?.close());

/** Runs `judge` for every page and every other person. */
function eachOfOthers(judge) {
  return Promise.all(
    pages.flatMap((page, me) =>
      NAMES.map((name, i) => (i === me ? null : judge(page, name, i))),
    ),
  );
}

test('everyone sees the right picture under the right name', async () => {
  await eachOfOthers((page, name, i) => sees(page, name, i, { within: 20_000 }));
});

test('everyone hears exactly the others', async () => {
  await Promise.all(pages.map((page, me) => hears(page, [0, 1, 2].filter((i) => i !== me))));
});

test('for 30 s everyone decodes at least 20 frames a second of both others', async () => {
  const stop = await Promise.all(pages.map((page) => watchNames(page, PEOPLE)));
  const before = await Promise.all(pages.map((page) => ask(page, 'concealment')));
  const lines = await Promise.all(pages.map((page) => decodedWhile(page, 30_000)));
  const after = await Promise.all(pages.map((page) => ask(page, 'concealment')));
  for (const [me, all] of lines.entries()) {
    const living = all.filter(({ rate }) => rate > 0);
    assert.equal(living.length, 2, `${NAMES[me]} gets two pictures: ${JSON.stringify(all)}`);
    for (const line of living) assert.ok(line.rate >= 20, `${NAMES[me]}: ${JSON.stringify(line)}`);
    const total = after[me].total - before[me].total;
    const concealed = (after[me].concealed - before[me].concealed) / total;
    assert.ok(total > 0 && concealed < 0.05, `${NAMES[me]}: ${concealed} of the sound concealed`);
  }
  for (const [me, end] of stop.entries()) {
    const frames = await end();
    assert.ok(NAMES.every((name) => frames.get(name) > 100), `${NAMES[me]} watched ${[...frames]}`);
  }
});

test('the tones are still right, after one negotiation each', async () => {
  await Promise.all(pages.map((page, me) => hears(page, [0, 1, 2].filter((i) => i !== me))));
  await Promise.all(pages.map(negotiatedOnce));
});

test('SRTP is AEAD_AES_128_GCM with every Chromium', async () => {
  const sessions = await classroom.server.metric('kreide_srtp_sessions_total');
  assert.deepEqual(sessions, { 'dtls="1.2",profile="SRTP_AEAD_AES_128_GCM"': 3 });
});
