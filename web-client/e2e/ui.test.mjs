/**
 * What a person does on the screen, on a made-up session: no server, one browser. Keyboard,
 * focus, locks, undo, narrow and enlarged screens, and that no text stands outside the catalogue.
 */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];
let server;
let browser;

before(async () => {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  server = await createServer({ root, logLevel: 'error', server: { port: 0 } });
  await server.listen();
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  browser = await chromium.launch({ executablePath, args: FLAGS });
});

after(async () => {
  await browser?.close();
  await server?.close();
});

/** Opens a scene of `src/view/dev`; German unless it says otherwise. */
async function open(t, scene, size = { width: 1366, height: 650 }) {
  const page = await browser.newPage({ viewport: size, locale: 'de-DE' });
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  t.after(async () => {
    await page.close();
    assert.deepEqual(errors, []);
  });
  const { port } = server.httpServer.address();
  await page.goto(`http://127.0.0.1:${port}/ui.html?${scene}`);
  await page.locator('main').first().waitFor();
  return page;
}

const control = (page, name) => page.locator('#bar').getByRole('button', { name });
const pressed = (page, name) => control(page, name).getAttribute('aria-pressed');
const focused = (page) =>
  page.evaluate(() => {
    const now = document.activeElement;
    return now?.getAttribute('aria-label') ?? now?.textContent?.trim().split(/\s+/u)[0];
  });

test('the skip link is first and leads to the bar', async (t) => {
  const page = await open(t, 'role=pupil&count=9');
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Zur');
  await page.keyboard.press('Enter');
  assert.equal(await focused(page), 'Mikro');
});

test('F6 goes round the regions and back', async (t) => {
  const page = await open(t, 'role=pupil&count=9&content');
  const seen = [];
  for (let i = 0; i < 4; i += 1) {
    await page.keyboard.press('F6');
    seen.push(await focused(page));
  }
  assert.deepEqual(seen, ['Gezeigtes', 'Leute', 'Leiste', 'Gezeigtes']);
  await page.keyboard.press('Shift+F6');
  assert.equal(await focused(page), 'Leiste');
});

test('letters act, but not while writing, and not when switched off', async (t) => {
  const page = await open(t, 'role=pupil&count=4');
  assert.equal(await pressed(page, 'Mikro'), 'true');
  await page.keyboard.press('m');
  assert.equal(await pressed(page, 'Mikro'), 'false');
  await page.keyboard.press('h');
  assert.equal(await pressed(page, 'Hand'), 'true');
  await page.keyboard.press('c');
  const message = page.getByRole('textbox', { name: 'Nachricht' });
  await message.waitFor();
  await page.keyboard.type('mvhc');
  assert.equal(await message.inputValue(), 'mvhc');
  assert.equal(await pressed(page, 'Mikro'), 'false');
  await control(page, 'Mehr').click();
  await page.getByRole('button', { name: 'Einstellungen' }).click();
  await page.getByRole('switch', { name: /Tasten/u }).press('Space');
  await page.keyboard.press('m');
  assert.equal(await pressed(page, 'Mikro'), 'false');
});

test('Escape closes a panel and gives the focus back', async (t) => {
  const page = await open(t, 'role=pupil&count=4');
  await control(page, 'Chat').press('Enter');
  await page.getByRole('textbox', { name: 'Nachricht' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('textbox', { name: 'Nachricht' }).waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement?.textContent?.includes('Chat'));
  assert.equal(await control(page, 'Chat').getAttribute('aria-expanded'), 'false');
});

test('what is locked stays in place and says by whom', async (t) => {
  const page = await open(t, 'role=pupil&count=4&quiet');
  const microphone = control(page, 'Mikro');
  assert.equal(await microphone.getAttribute('aria-disabled'), 'true');
  await microphone.click({ force: true });
  await page.locator('.notices').getByText('Gesperrt von Frau Kern').waitFor();
  assert.equal(await pressed(page, 'Mikro'), 'false');
  await control(page, 'Chat').click();
  assert.equal(await page.getByRole('textbox').count(), 0);
});

test('quiet is one press there and one back', async (t) => {
  const page = await open(t, 'role=teacher&count=4');
  await control(page, 'Ruhe').click();
  assert.equal(await pressed(page, 'Ruhe'), 'true');
  await control(page, 'Ruhe').click();
  assert.equal(await pressed(page, 'Ruhe'), 'false');
});

test('a lock can be taken back; arrows move in the menu; Escape returns', async (t) => {
  const page = await open(t, 'role=teacher&count=9');
  await control(page, 'Leute').click();
  const dots = page.getByRole('button', { name: 'Aktionen für Leyla' });
  await dots.press('Enter');
  await page.keyboard.press('ArrowDown');
  assert.equal(await focused(page), 'Groß');
  await page.keyboard.press('Escape');
  assert.equal(await focused(page), 'Aktionen für Leyla');
  await dots.click();
  await page.getByRole('button', { name: 'Kamera sperren' }).click();
  await page.getByRole('button', { name: 'Rückgängig' }).click();
  await dots.click();
  await page.getByRole('button', { name: 'Kamera sperren' }).waitFor();
});

test('removing asks first and repeats the verb', async (t) => {
  const page = await open(t, 'role=teacher&count=9');
  await control(page, 'Leute').click();
  await page.getByRole('button', { name: 'Aktionen für Leyla' }).click();
  await page.getByRole('button', { name: 'Entfernen' }).click();
  const dialog = page.getByRole('dialog', { name: 'Leyla entfernen?' });
  await dialog.waitFor();
  await dialog.getByRole('button', { name: 'Behalten' }).click();
  assert.equal(await page.getByRole('button', { name: 'Aktionen für Leyla' }).count(), 1);
  await page.getByRole('button', { name: 'Aktionen für Leyla' }).click();
  await page.getByRole('button', { name: 'Entfernen' }).click();
  await dialog.getByRole('button', { name: 'Entfernen' }).click();
  await page.getByRole('heading', { name: 'Leute · 8' }).waitFor();
});

test('someone shown large is asked for larger, and once', async (t) => {
  const page = await open(t, 'role=teacher&count=9');
  const wishes = [];
  page.on('console', async (message) => {
    if (message.text().startsWith('look')) wishes.push(await message.args()[1].jsonValue());
  });
  await control(page, 'Leute').click();
  await page.getByRole('button', { name: 'Aktionen für Leyla' }).click();
  await page.getByRole('button', { name: 'Groß zeigen' }).click();
  await page.locator('.shown[data-participant="4"]').waitFor();
  await page.waitForTimeout(300);
  const last = wishes.at(-1);
  const ofLeyla = last.filter((wish) => wish.participant === 4);
  assert.equal(ofLeyla.length, 1);
  for (const wish of last) assert.ok(ofLeyla[0].height >= wish.height, JSON.stringify(last));
  assert.equal(last[0].participant, 4, 'the large one gives way last');
});

test('what changes in the room leaves running pictures alone', async (t) => {
  const page = await open(t, 'role=pupil&count=9');
  await page.waitForFunction(() => document.querySelectorAll('video').length === 9);
  await page.evaluate(() => {
    globalThis.touched = 0;
    const { set, get } = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'srcObject');
    Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', {
      get,
      set(stream) {
        globalThis.touched += 1;
        set.call(this, stream);
      },
    });
  });
  await control(page, 'Hand').click();
  await control(page, 'Mikro').click();
  assert.equal(await pressed(page, 'Hand'), 'true');
  assert.equal(await page.evaluate(() => globalThis.touched), 0);
});

test('the camera of the door is off until tried, and can be tried', async (t) => {
  const page = await open(t, 'at=door&role=pupil');
  assert.equal(await page.locator('video').count(), 0);
  await page.getByRole('button', { name: 'Kamera ausprobieren' }).click();
  await page.waitForFunction(() => document.querySelector('video')?.videoWidth > 0);
  await page.getByRole('button', { name: 'Datenschutz' }).click();
  await page.getByRole('dialog', { name: 'Was hier mit Daten geschieht' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Beitreten', exact: true }).click();
  await control(page, 'Mehr').waitFor();
});

test('the class link asks for a name before it lets in', async (t) => {
  const page = await open(t, 'at=door&role=guest&link=class');
  await page.getByRole('textbox', { name: 'Name' }).fill('   ');
  await page.getByRole('button', { name: 'Beitreten' }).click();
  assert.equal(await page.locator('#bar').count(), 0);
  await page.getByRole('textbox', { name: 'Name' }).fill('Familie Öz');
  await page.getByRole('button', { name: 'Beitreten' }).click();
  await control(page, 'Auflegen').waitFor();
});

for (const scene of [
  'at=door&role=guest&link=class',
  'role=teacher&count=9&content',
  'role=pupil&count=9',
]) {
  test(`at 320 px with text twice as large nothing is lost: ${scene}`, async (t) => {
    const page = await open(t, scene, { width: 320, height: 560 });
    await page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
    const lost = await page.evaluate(() =>
      [...document.querySelectorAll('button, h1, label')]
        .filter((one) => one.checkVisibility())
        .map((one) => [one.textContent.trim(), one.getBoundingClientRect()])
        .filter(([, box]) => box.left < -1 || box.right > innerWidth + 1)
        .map(([text]) => text),
    );
    assert.deepEqual(lost, []);
  });
}

for (const scene of [
  'at=door&role=guest',
  'role=teacher&count=3',
  'role=pupil&count=3&connection=lost',
  'at=out&reason=OPENED_ELSEWHERE',
]) {
  test(`every text comes from the catalogue: ${scene}`, async (t) => {
    const page = await open(t, `${scene}&lang=pseudo`);
    const foreign = await page.evaluate(() => {
      const shown = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const texts = [];
      while (shown.nextNode()) {
        const parent = shown.currentNode.parentElement;
        if (!parent.closest('script, style, [data-participant], h1, option:not([value=""])')) {
          texts.push(shown.currentNode.textContent.trim());
        }
      }
      for (const element of document.querySelectorAll('[aria-label]')) {
        texts.push(element.getAttribute('aria-label'));
      }
      return texts.filter((text) => /\p{L}/u.test(text) && !/[áéíóúÁÉÍÓÚñç~]/u.test(text));
    });
    assert.deepEqual(foreign, []);
  });
}
