/**
 * A real lesson is accessible by what machines can tell: axe-core finds nothing on the join page and
 * in the room, for a teacher and a pupil, wide and narrow, light and dark.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { WORDS, inside, isShown, openClassroom, press, settled, switchOn } from './lib/classroom.mjs';
import { until } from './lib/until.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SIZES = [
  { width: 1366, height: 650 },
  { width: 360, height: 560 },
];
let classroom;

before(async () => {
  classroom = await openClassroom();
});

after(() => classroom?.close());

/** Asserts that axe-core finds no violation in any of the sizes and themes. */
async function flawless(page, where) {
  for (const size of SIZES) {
    for (const colorScheme of ['light', 'dark']) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await settled(page);
      const { violations, passes } = await page.evaluate(`${AXE}; axe.run({
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      })`);
      const found = violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]);
      assert.deepEqual(found, [], `${where}, ${size.width} wide, ${colorScheme}`);
      assert.ok(passes.length > 10, `axe looked at ${where}`);
    }
  }
}

for (const [i, who] of [
  { role: 'teacher', name: 'Frau Kern' },
  { role: 'pupil', name: 'Ben Adler' },
].entries()) {
  test(`the join page and the room of a ${who.role}`, async () => {
    const page = await classroom.window(i);
    await page.goto(await classroom.server.link(who));
    await until('the door is there', () => isShown(page, WORDS.join));
    await flawless(page, 'the join page');
    await press(page, WORDS.join);
    await inside(page);
    await switchOn(page, WORDS.camera);
    await flawless(page, 'the room');
    await page.setViewportSize(SIZES[0]);
    await press(page, WORDS.chat, { exact: false });
    await flawless(page, 'the room with its chat');
  });
}

test('the join page of the class link', async () => {
  const page = await classroom.window(1);
  await page.goto(await classroom.server.link({ role: 'pupil' }));
  await until('the door is there', () => isShown(page, WORDS.join));
  await flawless(page, 'the join page with a name to type');
});
