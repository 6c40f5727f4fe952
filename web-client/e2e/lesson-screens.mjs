/**
 * Pictures of a real lesson: join page and room of a teacher and a pupil, in German, at three
 * sizes, on the built server. `node e2e/lesson-screens.mjs [folder]` writes to
 * docs/screens/lesson/ by default. What screens.mjs shows on a made-up session is shown here as
 * it comes through the server.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  WORDS, inside, isShown, openClassroom, press, settled, switchOn,
} from './lib/classroom.mjs';
import { sees, tile } from './lib/judge.mjs';
import { until } from './lib/until.mjs';

const FOLDER = process.argv[2] ?? join(import.meta.dirname, '../../docs/screens/lesson');
const SIZES = [
  { width: 1366, height: 650 },
  { width: 810, height: 1010 },
  { width: 360, height: 560 },
];

async function shoot(page, name) {
  await page.mouse.move(1, 1); // No tooltip in the picture.
  for (const size of SIZES) {
    await page.setViewportSize(size);
    await settled(page);
    await page.screenshot({ path: join(FOLDER, `${name}-${size.width}x${size.height}.png`) });
  }
  await page.setViewportSize(SIZES[0]);
}

/** Opens the door, takes its pictures and goes in with a camera. */
async function arrive(classroom, i, who) {
  const page = await classroom.window(i);
  await page.goto(await classroom.server.link(who));
  await until('the door is there', () => isShown(page, WORDS.join));
  await shoot(page, `door-${who.role}`);
  await press(page, WORDS.join);
  await inside(page);
  await switchOn(page, WORDS.camera);
  return page;
}

mkdirSync(FOLDER, { recursive: true });
const classroom = await openClassroom();
try {
  const kern = await arrive(classroom, 0, { role: 'teacher', name: 'Frau Kern' });
  const ben = await arrive(classroom, 1, { role: 'pupil', name: 'Ben Adler' });
  const emil = await classroom.enter(2, { role: 'pupil', name: 'Emil Busch', microphone: false });
  await switchOn(emil, WORDS.hand);
  await switchOn(kern, WORDS.microphone);
  await sees(kern, 'Emil Busch', 2);
  await shoot(kern, 'room-teacher');
  await switchOn(kern, WORDS.show);
  await until('the screen is shown', async () => (await tile(ben, 'Frau Kern', 'content'))?.colour);
  await shoot(ben, 'room-pupil');
} finally {
  await classroom.close();
}
