/**
 * The stock Firefox of the distribution, driven by WebDriver BiDi, with the media and network
 * preferences it is shipped with. Only the camera and the microphone, which a test machine does
 * not have, are replaced: by a canvas in the person's colour and by Firefox's test tone.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { HEIGHT, IN_FIREFOX, PEOPLE, WIDTH } from './media.mjs';
import { recordRequests } from './requests.mjs';

const PROBE = readFileSync(join(import.meta.dirname, 'probe.js'), 'utf8');

/** Starts the browser of the person `IN_FIREFOX`. */
export async function startFirefox() {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    headless: true,
  });
  return {
    browser,
    close: () => browser.close(),
    /** Opens a window with the judge and the replaced devices inside. */
    async window({ width = 1366, height = 650 } = {}) {
      const page = await browser.newPage();
      await page.setViewport({ width, height });
      page.complaints = [];
      page.on('console', (message) => {
        if (message.type() === 'error') page.complaints.push(message.text());
      });
      page.on('pageerror', (error) => page.complaints.push(String(error.stack ?? error)));
      recordRequests(page);
      await page.evaluateOnNewDocument(PROBE);
      const { colour } = PEOPLE[IN_FIREFOX];
      await page.evaluateOnNewDocument(devices, { colour, width: WIDTH, height: HEIGHT });
      return page;
    },
  };
}

/* Runs inside the page. `fake: true` asks Firefox for its test microphone, without a question. */
function devices({ colour, width, height }) {
  // Only secure pages have devices, and the blank first page is none.
  if (!navigator.mediaDevices) return;
  const native = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);

  function camera() {
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    const paper = canvas.getContext('2d');
    let at = 0;
    const timer = setInterval(() => {
      paper.fillStyle = `rgb(${colour})`;
      paper.fillRect(0, 0, width, height);
      paper.fillStyle = 'white';
      at = (at + 11) % width;
      paper.fillRect(at, height / 3, 40, height / 6);
      if (track.readyState === 'ended') clearInterval(timer);
    }, 33);
    const [track] = canvas.captureStream().getVideoTracks();
    return track;
  }

  const known = ['audioinput', 'videoinput'].map((kind) => {
    const device = { kind, deviceId: kind, groupId: 'test', label: `Test ${kind}` };
    return { ...device, toJSON: () => device };
  });
  navigator.mediaDevices.enumerateDevices = async () => known;
  navigator.mediaDevices.getUserMedia = async ({ audio, video }) => {
    const stream = audio ? await native({ audio: true, fake: true }) : new MediaStream();
    if (video) stream.addTrack(camera());
    return stream;
  };
}
