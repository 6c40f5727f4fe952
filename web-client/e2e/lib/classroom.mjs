/**
 * A lesson with real people: one server, one browser process for each person, and what a person
 * does on the pages. Everything goes through what a person can see and press.
 */
import assert from 'node:assert/strict';
import { startChromium } from './chromium.mjs';
import { foreignRequests, requestCount } from './requests.mjs';
import { startServer } from './server.mjs';
import { until } from './until.mjs';

/** Names on the pages of a German class; a role decides on "du" or "Sie". */
export const WORDS = {
  join: 'Beitreten',
  name: 'Name',
  microphone: 'Mikro',
  camera: 'Kamera',
  show: 'Zeigen',
  quiet: 'Ruhe',
  hand: 'Hand',
  people: 'Leute',
  chat: 'Chat',
  more: 'Mehr',
  leave: 'Verlassen',
  end: 'Beenden',
  endForAll: 'Für alle beenden',
  tools: 'Werkzeuge',
  recording: 'Aufnahme',
  startRecording: 'Aufnahme starten',
  stopRecording: 'Aufnahme beenden',
  consent: 'Ja, aufnehmen',
  watch: 'Ansehen',
  play: 'Abspielen',
  deleteIt: 'Löschen',
  deleteRecording: 'Aufnahme löschen',
  message: 'Nachricht',
  send: 'Senden',
};

/**
 * Opens a classroom. `close()` it in `after`: it also asserts that no page asked another host.
 * @param {{mediaAddress?: string, settings?: object}} [options] passed to the server
 */
export async function openClassroom(options) {
  const server = await startServer(options);
  return new Classroom(server);
}

class Classroom {
  #browsers = new Map();
  #pages = [];

  constructor(server) {
    this.server = server;
  }

  /** The browser process of person `i`, started when first asked for. */
  async browser(i, start = startChromium, options = undefined) {
    if (!this.#browsers.has(i)) this.#browsers.set(i, await start(i, options));
    return this.#browsers.get(i);
  }

  /**
   * A person opens the own link in a new window and joins.
   * @param {number} i whose camera and microphone
   * @param {{role: string, name: string, url?: string, recordable?: boolean, asClass?: boolean,
   *   start?: Function, flags?: string[]}} who `asClass`: by a link for all, to which a person
   *   says a name; the rest are options of `window`
   * @returns {Promise<object>} the page, inside the room
   */
  async enter(i, { role, name, url, recordable, asClass = false, start, flags, ...more }) {
    const { microphone = true, camera = true, ...view } = more;
    const person = asClass ? { role, url, recordable } : { role, name, url, recordable };
    const link = await this.server.link(person);
    const page = await this.window(i, { start, flags, ...view });
    await join(page, link, asClass ? name : undefined);
    if (microphone) await switchOn(page, WORDS.microphone);
    if (camera) await switchOn(page, WORDS.camera);
    return page;
  }

  /** A new window of person `i`, nothing opened yet. */
  async window(i, { start, flags, ...view } = {}) {
    const browser = await this.browser(i, start, { flags });
    const page = await browser.window(view);
    this.#pages.push(page);
    return page;
  }

  /** Ends everything. */
  async close() {
    await Promise.all([...this.#browsers.values()].map((browser) => browser.close()));
    await this.server.stop();
    assert.deepEqual(foreignRequests(), [], 'requests to other hosts');
    assert.ok(requestCount() > 0, 'the judge of requests saw none at all');
    const complaints = this.#pages.flatMap((page) => page.complaints);
    assert.deepEqual(complaints.filter((words) => !expected(words)), [], 'errors on the pages');
  }
}

/**
 * A browser reports every refused connection as an error of the page: a cut line is none. And
 * only pages without the client, which has an icon, ask for favicon.ico.
 */
function expected(words) {
  return /ERR_(CONNECTION|EMPTY_RESPONSE|SOCKET)|WebSocket connection to|favicon.ico$/.test(words);
}

/** Opens a link and joins. */
export async function join(page, link, name) {
  await page.goto(`${link.replace('#', '?lang=de#')}`);
  if (name !== undefined) await type(page, WORDS.name, name);
  await press(page, WORDS.join);
  await inside(page);
}

/** Waits until the page is in the room. */
export function inside(page, limits = { within: 15_000 }) {
  return until('the person is in the room', () => isShown(page, WORDS.more), limits);
}

/** Presses the one button with this name. */
export async function press(page, name, { within = 10_000, exact = true } = {}) {
  if (page.getByRole) {
    await page.getByRole('button', { name, exact }).click({ timeout: within });
  } else {
    await page.locator(`::-p-aria([name="${name}"][role="button"])`).setTimeout(within).click();
  }
}

/** Whether a button with this name can be seen. */
export function isShown(page, name) {
  return page.evaluate(
    (wanted) =>
      [...document.querySelectorAll('button')].some(
        (button) =>
          (button.getAttribute('aria-label') ?? button.textContent).trim().startsWith(wanted) &&
          button.checkVisibility(),
      ),
    name,
  );
}

/** Whether this text can be seen anywhere on the page. */
export function says(page, text) {
  return page.evaluate((wanted) => document.body.innerText.includes(wanted), text);
}

/** Waits until fonts are there and nothing moves or fades any more. */
export function settled(page) {
  return page.evaluate(async () => {
    await document.fonts.ready;
    await Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {})));
  });
}

/** Types into the field with this label. */
export async function type(page, label, text) {
  if (page.getByRole) await page.getByRole('textbox', { name: label }).fill(text);
  else await page.locator(`::-p-aria([name="${label}"][role="textbox"])`).fill(text);
}

/** Whether a control of the bar is on, off, or locked. */
export function stateOf(page, name) {
  return page.evaluate((wanted) => {
    const control = [...document.querySelectorAll('button[aria-pressed]')].find((button) =>
      button.textContent.trim().startsWith(wanted),
    );
    if (!control) return null;
    if (control.getAttribute('aria-disabled') === 'true') return 'locked';
    return control.getAttribute('aria-pressed') === 'true' ? 'on' : 'off';
  }, name);
}

/** Switches a control of the bar on and waits until it is. */
export async function switchOn(page, name) {
  if ((await stateOf(page, name)) !== 'on') await press(page, name, { exact: false });
  await until(`${name} is on`, async () => (await stateOf(page, name)) === 'on');
}

/** Switches a control of the bar off and waits until it is. */
export async function switchOff(page, name) {
  if ((await stateOf(page, name)) === 'on') await press(page, name, { exact: false });
  await until(`${name} is off`, async () => (await stateOf(page, name)) === 'off');
}

/** Writes to all, in the open chat. */
export async function write(page, text) {
  await type(page, WORDS.message, text);
  await press(page, WORDS.send);
}
