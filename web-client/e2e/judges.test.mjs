/**
 * The judges on trial: two Chromiums and no server. A judge that could not tell right from wrong
 * here would prove nothing in the other files.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startChromium } from './lib/chromium.mjs';
import { ask, decodedWhile, hears, negotiatedOnce, sees, tile, whose } from './lib/judge.mjs';
import { connectPair, servePair } from './lib/pair.mjs';

let server;
let browsers;
let pages;

before(async () => {
  server = await servePair();
  browsers = await Promise.all([startChromium(0), startChromium(1)]);
  pages = await Promise.all(browsers.map((browser) => browser.window()));
  await connectPair(server.url, pages, ['Frau Kern', 'Ben']);
});

after(async () => {
  await Promise.all((browsers ?? []).map((browser) => browser.close()));
  server?.stop();
});

test('pictures and tones are told apart', async () => {
  await sees(pages[0], 'Ben', 1);
  await sees(pages[1], 'Frau Kern', 0);
  await hears(pages[0], [1]);
  await hears(pages[1], [0]);
  await negotiatedOnce(pages[0]);
});

test('frames are counted', async () => {
  const [line] = await decodedWhile(pages[0], 3000);
  assert.ok(line.rate >= 20 && line.rate <= 40, `${line.rate} frames a second`);
});

test('a wrong name is noticed', async () => {
  await pages[0].evaluate(`document.querySelector('b').textContent = 'Emil'`);
  await assert.rejects(sees(pages[0], 'Emil', 2, { within: 500 }), /under the name Emil/);
  assert.equal(await tile(pages[0], 'Ben'), undefined);
});

test('a hidden picture is not a shown one', async () => {
  await pages[0].evaluate(`document.querySelector('video').style.opacity = 0`);
  assert.equal((await tile(pages[0], 'Emil')).colour, null);
});

test('silence, a muted element and a colour of nobody are noticed', async () => {
  await pages[0].evaluate('audio.muted = true');
  const { played } = await ask(pages[0], 'listen', [300, 500, 700], 1500);
  assert.deepEqual(played, []);
  await pages[0].evaluate('audio.muted = false');
  await hears(pages[0], [1]);
  await pages[1].evaluate(`connection.getSenders().forEach((sender) => sender.replaceTrack(null))`);
  await hears(pages[0], []);
  assert.equal(whose([255, 255, 255]), null);
});
