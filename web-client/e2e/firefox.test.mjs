/**
 * Firefox with default preferences beside one Chromium, everything inside a network namespace.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startChromium } from './lib/chromium.mjs';
import { startFirefox } from './lib/firefox.mjs';
import { decodedPerSecond, hears, sees } from './lib/judge.mjs';
import { IN_FIREFOX } from './lib/media.mjs';
import { inNamespace } from './lib/namespace.mjs';
import { connectPair, servePair } from './lib/pair.mjs';

inNamespace(import.meta.filename, () => {
  let server;
  let browsers;

  before(async () => {
    browsers = await Promise.all([startChromium(0), startFirefox()]);
  });

  after(async () => {
    await Promise.all((browsers ?? []).map((browser) => browser.close()));
    server?.stop();
  });

  test('the judges work in Firefox', async () => {
    server = await servePair();
    const pages = await Promise.all(browsers.map((browser) => browser.window()));
    await connectPair(server.url, pages, ['Frau Kern', 'Ben']);
    await sees(pages[0], 'Ben', IN_FIREFOX);
    await sees(pages[1], 'Frau Kern', 0);
    await hears(pages[0], [IN_FIREFOX]);
    await hears(pages[1], [0]);
    const rates = await Promise.all(pages.map((page) => decodedPerSecond(page, 5000)));
    assert.ok(rates.flat().every(({ rate }) => rate >= 20), JSON.stringify(rates));
  });
});
