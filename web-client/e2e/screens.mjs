/**
 * Pictures of every screen on a made-up session, for judging them beside the look.
 * `node e2e/screens.mjs [folder] [pattern]` writes to docs/screens/ by default. Also runs
 * axe-core on each screen and fails if it finds a violation or a page that scrolls sideways.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = process.argv[2] ?? join(root, '..', 'docs', 'screens');
const only = new RegExp(process.argv[3] ?? '');

const SIZES = {
  wide: [1366, 650],
  tablet: [810, 1010],
  phone: [360, 560],
  split: [507, 735],
  flat: [740, 340],
};

/** name, question, sizes, and what is pressed before the picture is taken. */
const SCREENS = [
  ['door-pupil', 'at=door&role=pupil', 'wide tablet phone'],
  ['door-guest', 'at=door&role=guest&link=class', 'wide phone'],
  ['teacher', 'role=teacher&count=29', 'wide tablet phone', ['Leute']],
  ['teacher-stage', 'role=teacher&count=17&dark=5', 'wide tablet phone split flat'],
  ['teacher-quiet', 'role=teacher&count=4&quiet', 'wide'],
  ['teacher-menu', 'role=teacher&count=9', 'wide phone', ['Leute', 'Aktionen für Leyla']],
  ['teacher-remove', 'role=teacher&count=9', 'wide', ['Leute', 'Aktionen für Leyla', 'Entfernen']],
  ['teacher-chat', 'role=teacher&count=9&chat', 'wide phone', ['Chat']],
  ['teacher-end', 'role=teacher&count=4', 'wide phone', ['Beenden']],
  ['teacher-alone', 'role=teacher&count=1', 'wide phone'],
  ['pupil', 'role=pupil&count=20&content', 'wide tablet phone split flat'],
  ['pupil-small', 'role=pupil&count=7', 'wide tablet phone'],
  ['pupil-dark', 'role=pupil&count=24&dark=24', 'wide phone'],
  ['pupil-quiet', 'role=pupil&count=7&quiet', 'wide', ['Chat', 'Mikro']],
  ['pupil-settings', 'role=pupil&count=4', 'wide phone', ['Mehr', 'Einstellungen']],
  ['pupil-privacy', 'role=pupil&count=4', 'phone', ['Mehr', 'Datenschutz']],
  ['pupil-lost', 'role=pupil&count=4&connection=lost&notices=DEVICE_DENIED', 'wide phone'],
  ['guest-pseudo', 'role=guest&count=4&lang=pseudo', 'wide phone'],
  ['observer', 'role=observer&count=4', 'wide'],
  ['out-ended', 'at=out&role=pupil&reason=LESSON_ENDED', 'phone'],
  ['out-moved', 'at=out&reason=OPENED_ELSEWHERE', 'wide'],
];

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const server = await createServer({ root, server: { port: 0, strictPort: false } });
await server.listen();
const address = server.httpServer.address();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
  ],
});

let faults = 0;
await mkdir(folder, { recursive: true });
for (const [name, question, sizes, presses = []] of SCREENS) {
  for (const size of sizes.split(' ')) {
    for (const theme of ['light', 'dark']) {
      const title = `${name}-${size}-${theme}`;
      if (!only.test(title)) continue;
      const [width, height] = SIZES[size];
      const page = await browser.newPage({ viewport: { width, height }, locale: 'de-DE' });
      page.on('pageerror', (error) => fault(title, error.message));
      await page.goto(
        `http://127.0.0.1:${address.port}/ui.html?theme=${theme}&${question}&lang=de`,
      );
      await page.locator('main').first().waitFor();
      await page.evaluate(() => document.fonts.ready);
      for (const label of presses) {
        // What does not fit on a phone's bar stands in "Mehr".
        const control = page.getByRole('button', { name: label }).first();
        if ((await control.count()) === 0) await page.getByRole('button', { name: 'Mehr' }).click();
        // A locked control says so to assistive tools, and may be pressed all the same.
        await page.getByRole('button', { name: label }).first().click({ force: true });
      }
      await page.waitForTimeout(900);
      await page.mouse.move(0, 0);
      await page.screenshot({ path: join(folder, `${title}.png`) });
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      for (const { id, nodes } of violations) {
        fault(title, `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join('\n    ')}`);
      }
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      if (over > 0) fault(title, `scrolls sideways by ${over} px`);
      await page.close();
    }
  }
}
await browser.close();
await server.close();
process.exit(faults > 0 ? 1 : 0);

function fault(title, what) {
  faults += 1;
  console.error(`${title}: ${what}`);
}
