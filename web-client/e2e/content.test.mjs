/**
 * The teacher shows a screen, takes it away, and ends the lesson.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  WORDS, isShown, openClassroom, press, says, stateOf, switchOff, switchOn,
} from './lib/classroom.mjs';
import { distance, hears, negotiatedOnce, sees, tile } from './lib/judge.mjs';
import { SCREEN } from './lib/media.mjs';
import { until } from './lib/until.mjs';

let classroom;
let kern;
let pupils;

before(async () => {
  classroom = await openClassroom();
  [kern, ...pupils] = await Promise.all([
    classroom.enter(0, { role: 'teacher', name: 'Frau Kern' }),
    classroom.enter(1, { role: 'pupil', name: 'Ben Adler' }),
    classroom.enter(2, { role: 'pupil', name: 'Emil Busch', width: 360, height: 560 }),
  ]);
});

after(() => classroom?.close());

test('pupils see the shown screen beside the teacher', async () => {
  await switchOn(kern, WORDS.show);
  for (const page of pupils) {
    await until('the screen is shown', async () => {
      const shown = await tile(page, 'Frau Kern', 'content');
      return shown?.colour && distance(shown.colour, SCREEN) < 40;
    });
    await sees(page, 'Frau Kern', 0);
    await negotiatedOnce(page);
  }
  await negotiatedOnce(kern);
});

test('its sound is heard while all microphones are off', async () => {
  await switchOff(kern, WORDS.microphone);
  for (const page of pupils) await switchOff(page, WORDS.microphone);
  // Chromium's fake screen sounds like the fake microphone.
  await Promise.all(pupils.map((page) => hears(page, [0])));
  assert.equal(await stateOf(kern, WORDS.microphone), 'off');
});

test('it goes away when the teacher stops', async () => {
  await switchOff(kern, WORDS.show);
  for (const page of pupils) {
    await until('the screen is gone', async () => !(await tile(page, 'Frau Kern', 'content')));
  }
  await Promise.all(pupils.map((page) => hears(page, [])));
});

test('the end is the end for all', async () => {
  await press(kern, WORDS.end, { exact: false });
  await press(kern, WORDS.endForAll);
  for (const page of [kern, ...pupils]) {
    await until('the end is told', () => says(page, 'Die Stunde ist zu Ende.'));
    assert.equal(await isShown(page, WORDS.microphone), false, 'nothing of the room is left');
    const open = await page.evaluate(() =>
      kreideProbe.peers.filter(({ connection }) => connection.connectionState !== 'closed').length,
    );
    assert.equal(open, 0, 'no media connection is left');
  }
});
