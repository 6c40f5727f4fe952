/**
 * One negotiation is enough: larger views, and people who come and go, need no further one.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WORDS, inside, openClassroom, press, says, switchOn } from './lib/classroom.mjs';
import { negotiatedOnce, sees, tile, watchNames } from './lib/judge.mjs';
import { until } from './lib/until.mjs';

const PEOPLE = { 'Frau Kern': 0, 'Ben Adler': 1, 'Emil Busch': 2 };
let classroom;
let kern;
let ben;

before(async () => {
  classroom = await openClassroom();
  [kern, ben] = await Promise.all([
    classroom.enter(0, { role: 'teacher', name: 'Frau Kern' }),
    classroom.enter(1, { role: 'pupil', name: 'Ben Adler', width: 360, height: 560 }),
  ]);
  await sees(kern, 'Ben Adler', 1);
  await sees(ben, 'Frau Kern', 0);
});

after(() => classroom?.close());

test('a larger view brings a larger picture within 3 s', async () => {
  const small = await until('a small picture is in the small window', async () => {
    const { height } = await tile(ben, 'Frau Kern');
    return height > 0 && height <= 180 && height;
  });
  await ben.setViewportSize({ width: 1366, height: 650 });
  await until(
    'a larger picture arrives',
    async () => (await tile(ben, 'Frau Kern')).height > small,
    { within: 3000 },
  );
  await negotiatedOnce(ben);
});

test('ten joins and leaves leave the others undisturbed', async () => {
  const stop = await Promise.all([kern, ben].map((page) => watchNames(page, PEOPLE)));
  const link = await classroom.server.link({ role: 'pupil', name: 'Emil Busch' });
  const emil = await classroom.window(2);
  for (let round = 0; round < 10; round += 1) {
    await emil.goto('about:blank');
    await emil.goto(link);
    await press(emil, WORDS.join);
    await inside(emil);
    await switchOn(emil, WORDS.camera);
    await sees(kern, 'Emil Busch', 2);
    await sees(ben, 'Emil Busch', 2);
    await leave(emil);
    await Promise.all(
      [kern, ben].map((page) =>
        until('Emil is gone', async () => !(await tile(page, 'Emil Busch'))),
      ),
    );
  }
  await Promise.all([kern, ben].map(negotiatedOnce));
  for (const end of stop) assert.ok((await end()).get('Emil Busch') > 0);
});

async function leave(page) {
  await press(page, WORDS.leave);
  await until('the person is out', () => says(page, 'Stunde verlassen.'));
}
