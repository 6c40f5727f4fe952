/**
 * Chromium as one person uses it: a process of its own with that person's camera and microphone.
 */
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { files } from './media.mjs';
import { recordRequests } from './requests.mjs';

const PROBE = join(import.meta.dirname, 'probe.js');
const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--allow-loopback-in-peer-connection',
];

/**
 * Starts the browser of person `i`.
 * @param {number} i index of `PEOPLE`
 * @param {{flags?: string[]}} [options] more command-line flags
 */
export async function startChromium(i, { flags = [] } = {}) {
  const { video, audio } = files(i);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      ...FLAGS,
      `--use-file-for-fake-video-capture=${video}`,
      `--use-file-for-fake-audio-capture=${audio}`,
      ...flags,
    ],
    // Playwright mutes by default; what a page plays must be what a person hears.
    ignoreDefaultArgs: ['--mute-audio'],
  });
  return {
    browser,
    close: () => browser.close(),
    /**
     * Opens a window with a storage of its own and the judge inside.
     * @param {{width?: number, height?: number, scripts?: string[], locale?: string,
     *   bypassCSP?: boolean}} [view] `scripts`: sources that run before the page's own code
     */
    async window({ width = 1366, height = 650, scripts = [], locale = 'de-DE', bypassCSP } = {}) {
      const context = await browser.newContext({ viewport: { width, height }, locale, bypassCSP });
      await context.addInitScript({ path: PROBE });
      for (const content of scripts) await context.addInitScript({ content });
      // Windows that a page opens have a judge too.
      context.on('page', judge);
      return context.newPage();
    },
  };
}

function judge(page) {
  page.complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error') page.complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => page.complaints.push(String(error.stack ?? error)));
  recordRequests(page);
}
