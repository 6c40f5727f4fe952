/**
 * The player of a recording, on a real film behind a server of a few lines: seeking, following one
 * that is still being made, a bounded buffer, keys, and every way in which it cannot be played.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { distance } from './lib/judge.mjs';
import { colourAt, startShelf } from './lib/shelf.mjs';
import { until } from './lib/until.mjs';

let shelf;
let browser;

before(async () => {
  shelf = await startShelf();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
});

after(async () => {
  await browser?.close();
  shelf?.close();
});

/** Opens the player; a complaint of the page fails its test unless it is expected. */
async function open(t, { link = shelf.link, script, complains = false, size = [1366, 650], ...turn } = {}) {
  Object.assign(shelf.state, {
    made: shelf.film.fragments.length, running: false, fault: null, cut: false, held: null, ranges: [], indexes: [],
    ...turn,
  });
  const context = await browser.newContext({
    viewport: { width: size[0], height: size[1] }, locale: 'de-DE', timezoneId: 'Europe/Berlin',
  });
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  t.after(async () => {
    await context.close();
    if (!complains) assert.deepEqual(complaints, []);
  });
  if (script) await page.addInitScript(script);
  await page.goto(link);
  return page;
}

/** What the player shows. */
const shown = (page) =>
  page.evaluate(() => {
    const video = document.querySelector('video');
    if (!video) return null;
    const canvas = new OffscreenCanvas(1, 1).getContext('2d');
    canvas.drawImage(video, 0, 0, 1, 1);
    const { buffered } = video;
    const ranges = Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)]);
    return {
      at: video.currentTime, ready: video.readyState, paused: video.paused, rate: video.playbackRate,
      muted: video.muted, length: video.duration, ranges,
      colour: [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)],
    };
  });

const seek = (page, second) =>
  page.getByRole('slider', { name: 'Stelle' }).evaluate((bar, to) => {
    bar.value = to;
    bar.dispatchEvent(new Event('input', { bubbles: true }));
  }, second);

/** Waits until the picture of that second stands there. */
const shows = (page, second) =>
  until(`second ${second} is shown`, async () => {
    const now = await shown(page);
    if (!now || now.ready < 2 || Math.abs(now.at - second) > 2) return false;
    return distance(now.colour, colourAt(second)) < 25 && now;
  });

test('the film is as awkward as a real one', () => {
  const { fragments } = shelf.film;
  assert.ok(fragments.length >= 80, `${fragments.length} fragments`);
  assert.ok(fragments.some(({ keyframe }) => !keyframe), 'not every fragment has a keyframe');
  assert.ok(fragments[0].keyframe);
});

test('it plays, the access leaves the address, and a reload finds it again', async (t) => {
  const page = await open(t);
  await page.getByRole('heading', { name: '7b' }).waitFor();
  await page.getByText('Mo., 23. Nov., 9:41 Uhr').waitFor();
  await page.getByText('Nicht weitergeben.').waitFor();
  assert.equal(new URL(page.url()).hash, '');
  await shows(page, 0);
  const play = page.getByRole('button', { name: 'Abspielen' });
  if ((await shown(page)).paused) await play.click();
  await until('it moves on', async () => (await shown(page)).at > 1);
  await play.click();
  assert.ok((await shown(page)).paused);
  await page.reload();
  await shows(page, 0);
});

test('it seeks to any second, and holds one piece around it', async (t) => {
  const page = await open(t);
  await shows(page, 0);
  for (const second of [95, 12.5, 171, 55, 58, 3, 179, 100]) {
    await seek(page, second);
    const { ranges } = await shows(page, second);
    assert.equal(ranges.length, 1, JSON.stringify(ranges));
  }
});

test('the last of many presses counts', async (t) => {
  const page = await open(t);
  await shows(page, 0);
  for (const second of [150, 20, 130, 40, 110, 65]) await seek(page, second);
  await shows(page, 65);
});

test('however long it plays, the buffer stays small', async (t) => {
  const page = await open(t);
  await shows(page, 0);
  await page.evaluate(() => {
    const video = document.querySelector('video');
    video.muted = true;
    video.playbackRate = 8;
    void video.play();
  });
  let most = 0;
  await until('two minutes have played', async () => {
    const { at, ranges } = await shown(page);
    most = Math.max(most, ...ranges.map(([start, end]) => end - start));
    return at > 120;
  }, { within: 60_000 });
  assert.ok(most < 85, `${most} s are held`);
  const asked = new Set(shelf.state.ranges);
  assert.equal(asked.size, shelf.state.ranges.length, 'nothing is fetched twice');
});

/** Plays fast until the position is beyond that second, and stands there. */
async function playPast(page, second) {
  await page.evaluate(async () => {
    const video = document.querySelector('video');
    video.muted = true;
    video.playbackRate = 4;
    await video.play();
  });
  const past = () => page.evaluate((second) => {
    const video = document.querySelector('video');
    const is = video.currentTime > second;
    if (is) video.pause();
    return is;
  }, second);
  await until(`second ${second} has played`, past, { within: 60_000 });
}

test('what is kept of what was played is whole: going back shows it at once', async (t) => {
  const page = await open(t);
  await shows(page, 0);
  await playPast(page, 45);
  // Between two keyframes, about half a minute back.
  for (const second of [13.5, 22, 28]) {
    await seek(page, second);
    await shows(page, second);
  }
  assert.equal(new Set(shelf.state.ranges).size, shelf.state.ranges.length, 'nothing is fetched twice');
  await page.evaluate(() => void document.querySelector('video').play());
  await until('it plays on', async () => (await shown(page)).at > 30);
});

test('a browser that has room for half a minute plays it all the same', async (t) => {
  const page = await open(t, {
    script: () => {
      const { appendBuffer } = SourceBuffer.prototype;
      SourceBuffer.prototype.appendBuffer = function (bytes) {
        const { buffered } = this;
        const held = Array.from({ length: buffered.length }, (_, i) => buffered.end(i) - buffered.start(i));
        if (held.reduce((sum, one) => sum + one, 0) > 30) throw new DOMException('', 'QuotaExceededError');
        appendBuffer.call(this, bytes);
      };
    },
  });
  await shows(page, 0);
  await playPast(page, 60);
  const { at } = await shown(page);
  for (const back of [8, 20, 24]) {
    await seek(page, at - back);
    await shows(page, at - back);
  }
});

test('a press before anything has come is kept until it has', async (t) => {
  let release;
  const page = await open(t, { held: new Promise((resolve) => (release = resolve)) });
  t.after(release);
  await until('the beginning is asked for', () => shelf.state.ranges.length === 1);
  await page.evaluate(() => document.querySelector('video').pause());
  await seek(page, 95);
  await page.getByRole('button', { name: 'Abspielen' }).click();
  await page.evaluate(() => new Promise((next) => setTimeout(next)));
  release();
  await shows(page, 95);
  await until('it plays', async () => (await shown(page)).at > 95.5);
});

test('it ends, and begins anew when pressed', async (t) => {
  const page = await open(t);
  await shows(page, 0);
  await seek(page, 178.5);
  await shows(page, 178);
  await page.evaluate(() => void document.querySelector('video').play());
  await until('it is over', async () => (await shown(page)).paused);
  await page.getByRole('button', { name: 'Abspielen' }).click();
  await until('it begins anew', async () => (await shown(page)).at < 5);
});

test('one that is still being made is followed to its end', async (t) => {
  const page = await open(t, { running: true, made: 4 });
  await shows(page, 0);
  await page.getByText('läuft noch').waitFor();
  await seek(page, 7.5);
  await page.evaluate(() => void document.querySelector('video').play());
  const grow = setInterval(() => (shelf.state.made += 1), 400);
  t.after(() => clearInterval(grow));
  await until('it plays what was not there', async () => (await shown(page)).at > 13, { within: 20_000 });
  clearInterval(grow);
  Object.assign(shelf.state, { running: false, made: shelf.film.fragments.length });
  await page.getByText('3 Min.').waitFor();
  const [first, ...more] = shelf.state.indexes;
  assert.equal(first, 0);
  assert.ok(more.length > 2 && more.every((from) => from > 2), `what is known is not asked for again: ${more}`);
  await seek(page, 175);
  await shows(page, 175);
});

test('keys do what the controls do', async (t) => {
  const page = await open(t);
  await shows(page, 0);
  if (!(await shown(page)).paused) await page.keyboard.press(' ');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await until('ten seconds on', async () => Math.abs((await shown(page)).at - 10) < 1.5);
  await page.keyboard.press('ArrowLeft');
  await until('five back', async () => Math.abs((await shown(page)).at - 5) < 1.5);
  await page.keyboard.press('.');
  assert.equal((await shown(page)).rate, 1.25);
  assert.equal(await page.getByRole('combobox', { name: 'Tempo' }).inputValue(), '1.25');
  await page.keyboard.press(',');
  await page.keyboard.press(',');
  assert.equal((await shown(page)).rate, 0.75);
  await page.keyboard.press('m');
  assert.equal((await shown(page)).muted, true);
  await page.keyboard.press(' ');
  await until('it plays', async () => !(await shown(page)).paused);
  await page.keyboard.press('f');
  await page.waitForFunction(() => document.fullscreenElement !== null);
  await page.keyboard.press('f');
  await page.waitForFunction(() => document.fullscreenElement === null);
  // On a control a key is the control's own, but on the line of time an arrow is five seconds.
  await page.getByRole('slider', { name: 'Stelle' }).focus();
  const { at } = await shown(page);
  await page.keyboard.press('ArrowRight');
  await until('five seconds, once', async () => (await shown(page)).at - at > 4);
  assert.ok((await shown(page)).at - at < 8);
});

test('the file can be had', async (t) => {
  const page = await open(t);
  await shows(page, 0);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Herunterladen' }).click(),
  ]);
  assert.equal(download.suggestedFilename(), '7b.webm');
});

test('a lost line is told and gets over by itself', async (t) => {
  const page = await open(t, { complains: true });
  await shows(page, 0);
  shelf.state.cut = true;
  await seek(page, 140);
  await page.getByText('Verbindung weg. Es geht von selbst weiter.').waitFor();
  shelf.state.cut = false;
  await shows(page, 140);
  await page.getByText('Verbindung weg.').waitFor({ state: 'detached' });
});

for (const [fault, words] of [
  [401, 'Der Zugang zu den Aufnahmen ist abgelaufen.'],
  [404, 'Diese Aufnahme gibt es nicht mehr'],
  [500, 'Hier ist etwas schiefgegangen'],
]) {
  test(`a refusal with ${fault} is told, before and while it plays`, async (t) => {
    const page = await open(t, { fault, complains: true });
    await page.getByText(words).waitFor();
    shelf.state.fault = null;
    await page.reload();
    await shows(page, 0);
    shelf.state.fault = fault;
    await seek(page, 150);
    await page.getByText(words).waitFor();
    assert.equal(await page.locator('video').count(), 0);
  });
}

test('an address without a recording says what to do', async (t) => {
  const page = await open(t, { link: `${shelf.url}/r?lang=de` });
  await page.getByText('Diese Adresse öffnet keine Aufnahme.').waitFor();
});

test('a browser that cannot be fed plays the file, and one that plays none says so', async (t) => {
  const page = await open(t, { script: () => void delete globalThis.MediaSource });
  await shows(page, 0);
  await seek(page, 95);
  await shows(page, 95);
  const none = await open(t, {
    script: () => {
      delete globalThis.MediaSource;
      HTMLMediaElement.prototype.canPlayType = () => '';
    },
  });
  await none.getByText('Dieses Gerät kann die Aufnahme nicht abspielen.').waitFor();
  await none.getByRole('button', { name: 'Herunterladen' }).waitFor();
});
