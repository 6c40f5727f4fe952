/**
 * The look by script: every screen at six sizes in every language and in both themes. Nothing is
 * cut, nothing is smaller than a finger, axe-core finds nothing, and twice the text loses nothing.
 * Pictures for the eye are made by screens.mjs.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startScreens } from './lib/screens.mjs';

const SIZES = [
  [1366, 650],
  [1080, 735],
  [810, 1010],
  [507, 735],
  [360, 560],
  [740, 340],
];

/** In which languages a scene is read; the longest is last, so that axe-core sees it. */
function languages(scene) {
  if (scene.startsWith('page=')) return ['de', 'de-formal', 'en', 'pseudo'];
  return [scene.includes('role=pupil') ? 'de' : 'de-formal', 'en', 'pseudo'];
}

/** Question, and what is pressed before the screen is judged. */
const SCENES = [
  ['page=parts'],
  ['page=tools'],
  ['page=texts'],
  ['at=door&role=pupil'],
  ['at=door&role=guest&link=class'],
  ['at=out&reason=OPENED_ELSEWHERE'],
  ['at=out&reason=BROWSER_OLD', 'button.filled'],
  ['role=teacher&count=30'],
  ['role=teacher&count=16&dark=5&paused&captions', '[data-control=people] button'],
  ['role=teacher&count=9', '[data-control=people] button', '.panel .dots'],
  ['role=teacher&count=4&connection=lost&notices=DEVICE_DENIED,MEDIA_BLOCKED'],
  ['role=teacher&count=2', '[data-control=end] button'],
  ['role=teacher&count=1', '[data-control=more] button'],
  ['role=teacher&count=17&lobby=4&locked=chat', '[data-control=people] button'],
  ['role=teacher&count=9&locked=chat', '[data-control=people] button', '.panel .dots', 'dialog li:nth-child(4) button'],
  ['role=teacher&count=9', '[data-control=people] button', '.panel .dots', 'dialog li:nth-child(1) button'],
  ['role=teacher&count=9&locked=chat,names', '[data-control=tools] button', '.panel li:nth-child(8) button'],
  ['role=pupil&count=9&rest'],
  ['role=pupil&count=9&content&quiet&word&invited'],
  ['role=pupil&count=9&inroom', '[data-control=more] button'],
  ['role=pupil&count=17&groups=4&dark=17&chat', '[data-control=chat] button'],
  ['role=pupil&count=9&simple'],
  ['at=door&role=pupil&link=class&roster=28'],
  ['role=teacher&count=17&groups=4&on=timer,announce,picked', '[data-control=tools] button'],
  ['role=pupil&count=9&content&on=poll,timer'],
  ['role=pupil&count=9&on=ready,announce'],
  ['role=teacher&count=9&captions', '[data-control=more] button', '.panel li:has(.lucide-captions) button'],
  ['role=pupil&count=9&locked=names', '[data-control=more] button'],
  ['role=pupil&count=9', '[data-control=more] button', '.panel li:has(.lucide-user-pen) button'],
  ['role=pupil&count=9&spotlight=2'],
  ['role=teacher&count=17&spotlight=4'],
  ['role=pupil&count=17&groups=4&outside', '[data-control=more] button', '.panel li:nth-child(1) button'],
  ['at=waiting&role=pupil&why=lobby'],
  ['at=waiting&role=guest&why=talk&late=10&connection=lost'],
  ['at=out&role=pupil&reason=TURNED_AWAY'],
  ['role=presenter&count=9&content', '[data-control=more] button'],
  ['role=teacher&count=9&recordings=3', '[data-control=tools] button', '.panel li:nth-child(9) button'],
  ['role=teacher&count=9&recording=runs', '[data-control=tools] button', '.panel li:nth-child(9) button'],
  ['role=teacher&count=4&recording=soon&dark=2'],
  ['role=teacher&count=4&stopped=storageFailed&recording=runs', '[data-control=people] button'],
  ['role=pupil&count=9&recording=soon&consent=asked'],
  ['role=pupil&count=4&recording=runs', '[data-control=more] button', '.panel li:nth-last-child(2) button'],
  ['at=door&role=teacher&recordings=7'],
  ['at=out&role=teacher&reason=LESSON_ENDED&recordings=1'],
  ['at=watch&recordings=1', '.player video'],
  ['at=watch&fault=401'],
  ['at=watch&recordings=1&unplayable'],
  ['role=pupil&count=30&content&quiet&chat', '[data-control=chat] button'],
  ['role=pupil&count=24&dark=24'],
  ['role=pupil&count=4', '[data-control=more] button', '.panel li:nth-last-child(2) button'],
  ['role=pupil&count=2&notices=MEDIA_BLOCKED', '.notice .quiet'],
  ['role=guest&count=4'],
  ['role=interpreter&count=9'],
  ['role=observer&count=16'],
];

/** Where Tab goes through everything, on a phone. */
const BY_KEYS = [
  ['at=door&role=pupil&link=class&roster=28'],
  ['role=teacher&count=16&lobby=4', '[data-control=people] button'],
  ['page=parts'],
  ['page=tools'],
  ['at=door&role=guest&link=class'],
  ['role=teacher&count=16&dark=5', '[data-control=people] button'],
  ['role=teacher&count=9', '[data-control=people] button', '.panel .dots'],
  ['role=teacher&count=2', '[data-control=end] button'],
  ['role=teacher&count=9&captions', '[data-control=more] button', '.panel li:has(.lucide-captions) button'],
  ['role=pupil&count=30&content&connection=lost'],
  ['role=pupil&count=9&recording=soon&consent=asked'],
  ['at=door&role=teacher&recordings=7'],
  ['at=watch&recordings=1'],
];

const require = createRequire(import.meta.url);
let screens;

before(async () => {
  screens = await startScreens({
    scripts: [
      join(import.meta.dirname, 'lib', 'judge-look.js'),
      require.resolve('axe-core/axe.min.js'),
    ],
  });
});

after(() => screens?.close());

// No screen waits for time to pass, so that two may be looked at at once.
describe('the look', { concurrency: 2 }, () => {
  for (const [scene, ...presses] of SCENES) {
    test(`at every size, in every language: ${scene} ${presses.join(' ')}`, async (t) => {
      const page = await screens.open(t, scene);
      for (const what of presses) {
        await page.locator(what).first().click();
        await screens.settle(page);
      }
      const found = [];
      const judge = async (about) => {
        for (const fault of await page.evaluate(() => globalThis.judgeLook())) {
          found.push(`${about}: ${fault}`);
        }
      };
      for (const [width, height] of SIZES) {
        await screens.resize(page, width, height);
        for (const language of languages(scene)) {
          await screens.speak(page, language);
          await judge(`${language} ${width}x${height}`);
        }
        for (const theme of ['dark', 'light']) {
          await screens.paint(page, theme);
          found.push(...(await axe(page, theme, `${theme} ${width}x${height}`, scene)));
        }
      }
      await screens.speak(page, 'de');
      await page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
      for (const [width, height] of [...SIZES, [320, 560]]) {
        await screens.resize(page, width, height);
        await judge(`text at 200 % ${width}x${height}`);
      }
      assert.deepEqual(found, []);
    });
  }

  for (const [scene, ...presses] of BY_KEYS) {
    test(`what has the focus is seen: ${scene} ${presses.join(' ')}`, async (t) => {
      const page = await screens.open(t, scene, [360, 560]);
      for (const what of presses) await page.locator(what).first().click();
      await screens.settle(page);
      const found = [];
      const met = new Set();
      for (let press = 0; press < 60; press += 1) {
        await page.keyboard.press('Tab');
        const { here, fault } = await page.evaluate(() => {
          const at = document.activeElement;
          globalThis.met ??= new Map();
          if (!globalThis.met.has(at)) globalThis.met.set(at, globalThis.met.size);
          return { here: globalThis.met.get(at), fault: globalThis.judgeFocus() };
        });
        if (met.has(here)) break;
        met.add(here);
        if (fault) found.push(fault);
      }
      assert.ok(met.size > 1, 'Tab reaches something');
      assert.deepEqual(found, []);
    });
  }
});

/**
 * All of axe-core's rules; in the dark only what depends on colours. The page of the tools shows one
 * panel in many states, so that there, and only there, landmarks have the same name.
 */
async function axe(page, theme, about, scene) {
  const { violations } = await page.evaluate(
    (how) => globalThis.axe.run(how),
    theme === 'dark'
      ? { runOnly: ['color-contrast'] }
      : { rules: { 'landmark-unique': { enabled: scene !== 'page=tools' } } },
  );
  return violations.map(
    ({ id, nodes }) => `${about}: ${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`,
  );
}
