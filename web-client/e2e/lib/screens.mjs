/**
 * The client on a made-up session (`src/view/dev`), built and served as files, and one Chromium.
 * Built, since a page of the development server asks for hundreds of modules.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { build, preview } from 'vite';

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

/** Waits until the layout has followed and nothing fades any more. */
async function settle(page) {
  await page.evaluate(async () => {
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
    await Promise.allSettled(document.getAnimations().map(({ finished }) => finished));
  });
}

/**
 * Starts both.
 * @param {{scripts?: string[]}} [options] files whose code is in every page before its own
 */
export async function startScreens({ scripts = [] } = {}) {
  const root = join(import.meta.dirname, '..', '..');
  const outDir = await mkdtemp(join(tmpdir(), 'kreide-screens-'));
  const config = { root, logLevel: 'error' };
  await build({
    ...config,
    build: { outDir, emptyOutDir: true, rolldownOptions: { input: join(root, 'ui.html') } },
  });
  const server = await preview({
    ...config,
    build: { outDir },
    preview: { host: '127.0.0.1', port: 0 },
  });
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  const { port } = server.httpServer.address();

  return {
    async close() {
      await browser.close();
      await server.close();
      await rm(outDir, { recursive: true, force: true });
    },
    /** Seconds that all processes of the browser have computed. */
    async processorTime() {
      const session = await browser.newBrowserCDPSession();
      const { processInfo } = await session.send('SystemInfo.getProcessInfo');
      await session.detach();
      return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
    },
    /** Opens a scene; German unless it says otherwise. A page that throws fails its test. */
    async open(t, scene, [width, height] = [1366, 650]) {
      const page = await browser.newPage({ viewport: { width, height }, locale: 'de-DE' });
      const errors = [];
      page.on('pageerror', (error) => errors.push(error.message));
      t.after(async () => {
        await page.close();
        assert.deepEqual(errors, []);
      });
      for (const path of scripts) await page.addInitScript({ path });
      await page.goto(`http://127.0.0.1:${port}/ui.html?${scene}`);
      // Past the chalk line: the room is a piece of its own.
      await page.locator('#bar, form, .said, .player, [role=tablist]').first().waitFor();
      return page;
    },
    /** Changes the language in place. */
    async speak(page, language) {
      await page.evaluate((asked) => {
        const { settings, addressAs } = globalThis.kreideUi;
        addressAs(asked === 'de' ? 'pupil' : 'teacher');
        settings.language = asked === 'de-formal' ? 'de' : asked;
      }, language);
    },
    settle,
    /** Changes the theme in place. */
    async paint(page, theme) {
      await page.evaluate((asked) => (globalThis.kreideUi.settings.theme = asked), theme);
    },
    /** Changes the size of the window and waits until the layout has followed. */
    async resize(page, width, height) {
      await page.setViewportSize({ width, height });
      await settle(page);
    },
  };
}
