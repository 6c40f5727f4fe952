/**
 * What a person sees where the client cannot be fetched, in Chromium and in Firefox: the page says
 * so, is in the way of nobody, and goes on by itself or by its button, with the link it was opened
 * by. The built client behind a server of a few lines, which loses what a test wants it to lose.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';
import { build } from 'vite';
import { POLICY, TYPES } from './lib/shelf.mjs';
import { until } from './lib/until.mjs';

const SECRET = 'AAAAAAAAAAAAAAAAAAAAAA';
const DOOR = { title: '7b · Mathematik', role: 'pupil', name: 'Mia', token: 'token', access: 'access' };
const LOST = 'Kreide lässt sich gerade nicht laden.';

let folder;
let server;
let origin;
let chromiumBrowser;
let firefoxBrowser;
/** What the server does: `fault(path)` is how a path fails, or null; `pages` and `links` were asked for. */
let state;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kreide-start-'));
  const root = join(import.meta.dirname, '..');
  await build({ root, logLevel: 'error', build: { outDir: folder, emptyOutDir: true } });
  server = createServer(answer);
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  origin = `http://127.0.0.1:${server.address().port}`;
  chromiumBrowser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  firefoxBrowser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    headless: true,
    extraPrefsFirefox: { 'intl.accept_languages': 'de' },
  });
});

after(async () => {
  await chromiumBrowser?.close();
  await firefoxBrowser?.close();
  server?.closeAllConnections();
  server?.close();
  await rm(folder, { recursive: true, force: true });
});

async function answer(request, response) {
  const { pathname } = new URL(request.url, origin);
  const fault = state.fault(pathname);
  if (fault === 'cut') return request.socket.destroy();
  if (fault === 'gone') return response.writeHead(404).end();
  if (fault === 'broken') {
    return response.writeHead(200, { 'content-type': 'text/javascript' }).end('throw new Error("broken")');
  }
  // Held until the test lets it go.
  await fault;
  if (pathname === '/api/enter') {
    let body = '';
    for await (const part of request) body += part;
    state.links.push(JSON.parse(body).link);
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(DOOR));
  }
  const name = extname(pathname) === '' ? 'index.html' : pathname.slice(1);
  const body = await readFile(join(folder, name)).catch(() => null);
  if (!body) return response.writeHead(404).end();
  const isPage = request.headers['sec-fetch-dest'] === 'document';
  if (isPage) state.pages += 1;
  response.writeHead(200, {
    'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
    'content-security-policy': POLICY,
    'cache-control': name === 'index.html' ? 'no-cache' : 'public, max-age=31536000, immutable',
  });
  response.end(body);
}

const none = () => null;
const faulty = (pattern, how) => (path) => (pattern.test(path) ? how : null);
const CLIENT = /^\/assets\/client-.*\.js$/u;
const STYLE = /^\/assets\/client-.*\.css$/u;

const BROWSERS = {
  async chromium(t, { width = 1366, height = 768, path = `/j#${SECRET}`, ...more } = {}) {
    const context = await chromiumBrowser.newContext({ viewport: { width, height }, locale: 'de-DE', ...more });
    t.after(() => context.close());
    const page = await context.newPage();
    // What is held keeps the page from being loaded.
    await page.goto(origin + path, { waitUntil: 'commit' });
    return page;
  },
  async firefox(t, { path = `/j#${SECRET}` } = {}) {
    const context = await firefoxBrowser.createBrowserContext();
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(origin + path, { waitUntil: 'domcontentloaded' });
    return page;
  },
};

/** What the page itself says: everything of it that is to be seen. */
const said = (page) =>
  page
    .evaluate(() => {
      const page = document.getElementById('start');
      return page?.checkVisibility({ visibilityProperty: true }) ? page.innerText.split(/\n+/u) : [];
    })
    // A fresh page is on its way.
    .catch(() => null);

const says = (page, words) =>
  until(`it says ${words}`, async () => (await said(page))?.includes(words), { within: 20_000 });
const hash = (page) => new URL(page.url()).hash;
const button = '#start button:not([hidden])';

/** The door stands there with its style, nothing else does, and the link is out of the address. */
async function door(page) {
  await page.waitForSelector('form h1');
  assert.equal(await page.evaluate(() => document.getElementById('start')), null);
  assert.equal(hash(page), '');
  assert.deepEqual(
    await page.evaluate(() => [history.state, getComputedStyle(document.body).getPropertyValue('--page') !== '']),
    [null, true],
  );
  assert.ok(state.links.length > 0 && state.links.every((link) => link === SECRET), String(state.links));
}

for (const [name, open] of Object.entries(BROWSERS)) {
  describe(name, { concurrency: 1 }, () => {
    for (const how of ['cut', 'gone']) {
      test(`a client that is ${how} is told of, and comes by itself when it is there`, async (t) => {
        state = { fault: faulty(CLIENT, how), pages: 0, links: [] };
        const page = await open(t);
        await says(page, LOST);
        assert.deepEqual(await said(page), [
          LOST,
          'WLAN prüfen. Sobald es wieder geht, öffnet sich die Seite von selbst.',
          'Jetzt versuchen',
        ]);
        assert.equal(hash(page), `#${SECRET}`, 'any fresh page finds the link');
        assert.equal(state.pages, 1, 'no page is made for nothing');
        state.fault = none;
        await door(page);
        assert.equal(state.pages, 2);
      });
    }

    test('a press is answered, tries at once, and a page that the person makes knows the link too', async (t) => {
      state = { fault: faulty(CLIENT, 'cut'), pages: 0, links: [] };
      const page = await open(t);
      await says(page, LOST);
      await page.reload({ waitUntil: 'domcontentloaded' });
      await says(page, LOST);
      await page.click(button);
      await says(page, 'Es wird gerade versucht.');
      await says(page, 'WLAN prüfen. Sobald es wieder geht, öffnet sich die Seite von selbst.');
      state.fault = none;
      await page.click(button).catch(() => undefined);
      await door(page);
    });

    test('where fresh pages do not help, no more are made until a press', async (t) => {
      state = { fault: faulty(CLIENT, 'broken'), pages: 0, links: [] };
      const page = await open(t);
      await says(page, 'Kreide lässt sich hier nicht laden.');
      assert.equal(state.pages, 4);
      assert.equal(hash(page), `#${SECRET}`);
      state.fault = none;
      await page.click(button);
      await door(page);
      assert.equal(state.pages, 5);
    });

    test('a style that is missing is a client that is missing', async (t) => {
      state = { fault: faulty(STYLE, 'cut'), pages: 0, links: [] };
      const page = await open(t);
      await says(page, LOST);
      state.fault = none;
      await door(page);
    });

    test('the part of a seat that did not come is fetched by a fresh page, with the link', async (t) => {
      state = { fault: faulty(/\/stay-.*\.js$/u, 'cut'), pages: 0, links: [] };
      const page = await open(t);
      await page.waitForSelector('form h1');
      await page.click('form [type=submit]');
      await page.waitForSelector('.said button');
      state.fault = none;
      await page.click('.said button');
      await until('a fresh page is made', () => state.pages === 2);
      await door(page);
    });

    test('where not even the entry comes, the page says so in both languages after a while', async (t) => {
      state = { fault: faulty(/\/index-.*\.js$/u, 'cut'), pages: 0, links: [] };
      const page = await open(t);
      // Until its style is there a browser paints nothing, whatever a script would read.
      await until('it says nothing yet', async () => (await said(page))?.length === 0);
      await page.evaluate(() => document.getAnimations().forEach((one) => one.finish()));
      const words = await said(page);
      assert.ok(words.includes('Kreide lädt noch.') && words.includes('Kreide is still loading.'), String(words));
      assert.equal(words.length, 4);
      assert.equal(hash(page), `#${SECRET}`);
    });
  });
}

describe('in Chromium', { concurrency: 1 }, () => {
  const open = BROWSERS.chromium;

  test('a slow line is told of, and the client still comes', async (t) => {
    let release;
    state = { fault: faulty(CLIENT, new Promise((go) => (release = go))), pages: 0, links: [] };
    const page = await open(t);
    await until('it says so in one language', async () => {
      const words = await said(page);
      return words?.length === 2 && words[0] === 'Kreide lädt noch.';
    }, { within: 20_000 });
    assert.equal(hash(page), `#${SECRET}`);
    release();
    await door(page);
    assert.equal(state.pages, 1);
  });

  test('a link that is pasted meanwhile is the one that opens', async (t) => {
    state = { fault: faulty(CLIENT, 'cut'), pages: 0, links: [] };
    const page = await open(t);
    await says(page, LOST);
    await page.evaluate(() => (location.hash = 'BBBBBBBBBBBBBBBBBBBBBB'));
    state.fault = none;
    await page.waitForSelector('form h1');
    assert.equal(state.links.at(-1), 'BBBBBBBBBBBBBBBBBBBBBB');
  });

  test('the page of a recording keeps its own address', async (t) => {
    state = { fault: faulty(/\/Watch-.*\.js$/u, 'cut'), pages: 0, links: [] };
    const page = await open(t, { path: '/r#r1.head.body.sign' });
    await says(page, LOST);
    assert.equal(hash(page), '#r1.head.body.sign');
    state.fault = none;
    await page.click(button).catch(() => undefined);
    await until('the player is there', async () => (await said(page))?.length === 0 && hash(page) === '');
  });

  test('without scripts the page says what it needs, in both languages', async (t) => {
    state = { fault: none, pages: 0, links: [] };
    const page = await open(t, { javaScriptEnabled: false });
    await page.getByRole('heading', { name: 'Kreide braucht JavaScript.' }).waitFor();
    await page.getByRole('heading', { name: 'Kreide needs JavaScript.' }).waitFor();
    assert.equal(await page.getByText('Kreide lädt noch.').isVisible(), false);
  });

  for (const colorScheme of ['light', 'dark']) {
    for (const [locale, words, press] of [['de-AT', LOST, 'Jetzt versuchen'], ['en-GB', 'Kreide cannot be loaded right now.', 'Try now'], ['tr', LOST, 'Jetzt versuchen']]) {
      test(`it is readable on a small phone: ${colorScheme}, ${locale}`, async (t) => {
        state = { fault: faulty(CLIENT, 'cut'), pages: 0, links: [] };
        const page = await open(t, { width: 360, height: 560, colorScheme, locale, bypassCSP: true });
        await says(page, words);
        await page.keyboard.press('Tab');
        assert.equal(await page.evaluate(() => document.activeElement.innerText), press);
        const { height } = await page.locator(button).boundingBox();
        assert.ok(height >= 44);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
        assert.equal(await page.evaluate(() => document.documentElement.lang), locale.startsWith('en') ? 'en' : 'de');
        await page.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core') });
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
      });
    }
  }
});
