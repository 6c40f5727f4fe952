/**
 * protocol.md is complete: the client that it contains, taken out of the page as it stands, joins
 * a lesson, hears and sees a pupil of the real client, and is heard by them.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { WORDS, openClassroom, press, says, write } from './lib/classroom.mjs';
import { hears, negotiatedOnce, tile, whose } from './lib/judge.mjs';
import { until } from './lib/until.mjs';

const PAGE = join(import.meta.dirname, '../../signaling/protocol/protocol.md');

/** The JavaScript of protocol.md. */
const [, SNIPPET] = readFileSync(PAGE, 'utf8').match(/^```js\n(.*?)^```/ms);

let classroom;
let kern;
let page;

before(async () => {
  classroom = await openClassroom();
  kern = await classroom.enter(0, { role: 'teacher', name: 'Frau Kern' });
  page = await classroom.window(1);
  await page.addInitScript({ content: `${SNIPPET}; window.enter = enter;` });
  await page.goto(`${classroom.server.url}/healthz`); // A page of the server without the client.
});

after(() => classroom?.close());

test('it is under 80 lines', () => {
  assert.ok(SNIPPET.trimEnd().split('\n').length < 80);
});

test('it joins by the class link, hears and sees', async () => {
  const link = await classroom.server.link({ role: 'pupil' });
  await page.evaluate(([url, name]) => enter(url, name), [link, 'Ada']);
  await until('the teacher sees Ada come', () => tile(kern, 'Ada'));
  await hears(page, [0]);
  await until('the picture of Frau Kern is shown', async () => {
    const shown = await page.evaluate(() =>
      [...document.querySelectorAll('figure')]
        .filter((figure) => figure.style.opacity === '1')
        .map((figure) => ({
          name: figure.textContent,
          colour: kreideProbe.colour(figure.querySelector('video')),
        })),
    );
    return shown.length === 1 && shown[0].name === 'Frau Kern' && whose(shown[0].colour) === 0;
  });
});

test('it speaks and writes', async () => {
  await page.getByRole('button', { name: 'Microphone' }).click();
  await hears(kern, [1]);
  await page.getByPlaceholder('Chat').fill('Seite 12?');
  await page.getByPlaceholder('Chat').blur();
  await press(kern, WORDS.chat, { exact: false });
  await until('the teacher reads it', () => says(kern, 'Seite 12?'));
  await write(kern, 'Ja');
  await until('Ada reads the answer', () => says(page, 'Frau Kern: Ja'));
  await Promise.all([page, kern].map(negotiatedOnce));
});
