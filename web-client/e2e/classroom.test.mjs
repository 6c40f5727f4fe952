/**
 * A lesson in a room with the default policy, through what three people see and press: a pupil who
 * comes too early, a guest at the door, quiet, groups, a quick poll, and what is taken back. In
 * each phase somebody reloads and finds the same state again.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  WORDS, inside, openClassroom, press, says, stateOf, switchOn, type, write,
} from './lib/classroom.mjs';
import { ask, hears, negotiatedOnce, sees } from './lib/judge.mjs';
import { until } from './lib/until.mjs';

const [KERN, BEN, LENZ] = [0, 1, 2];
const NAMES = ['Frau Kern', 'Ben Adler', 'Herr Lenz'];
/** A machine that does more than this lesson. */
const PATIENT = { within: 20_000 };

let classroom;
let kern;
let ben;
let lenz;
/** What the server has written to Herr Lenz. */
const toLenz = [];

before(async () => {
  classroom = await openClassroom({ policy: [] });
});

after(() => classroom?.close());

const shows = (page, text) => until(`it says "${text}"`, () => says(page, text), PATIENT);
const is = (page, control, state) =>
  until(`${control} is ${state}`, async () => (await stateOf(page, control)) === state, PATIENT);

/** Opens a link and asks to be let in. */
async function knock(page, link, name) {
  await page.goto(link);
  if (name !== undefined) await type(page, WORDS.name, name);
  await press(page, WORDS.join);
}

/** Switches on what nobody else can. */
async function sends(page) {
  await switchOn(page, WORDS.microphone);
  await switchOn(page, WORDS.camera);
}

/** Reloads a window that was in the room. */
async function comesBack(page) {
  await page.reload();
  await inside(page, PATIENT);
}

/** Waits until the three hear exactly these. */
async function hear(byKern, byBen, byLenz) {
  await Promise.all([
    hears(kern, byKern, PATIENT), hears(ben, byBen, PATIENT), hears(lenz, byLenz, PATIENT),
  ]);
}

const everybodyHearsEverybody = () => hear([BEN, LENZ], [KERN, LENZ], [KERN, BEN]);

/** Opens a panel by its control, unless it is open. */
async function opens(page, panel) {
  const control = page.locator('#bar button[aria-expanded]').filter({ hasText: panel });
  if ((await control.getAttribute('aria-expanded')) !== 'true') await control.click();
  await page.getByRole('complementary').waitFor();
}

/** Presses a button inside the open panel. */
const pressInPanel = (page, name) =>
  page.getByRole('complementary').getByRole('button', { name, exact: true }).first().click();

/** The number of the group whose strip somebody reads. */
function groupOf(page) {
  return until('the strip names the group', async () => {
    const heading = await page.getByRole('heading', { name: /^Gruppe \d/u }).first().textContent();
    return Number(/\d+/u.exec(heading)[0]);
  }, PATIENT);
}

test('a pupil who comes first waits, and is in by itself when the teacher comes', async () => {
  ben = await classroom.window(BEN);
  await knock(ben, await classroom.server.link({ role: 'pupil', name: NAMES[BEN] }));
  await shows(ben, 'Die Stunde hat noch nicht begonnen.');
  await shows(ben, 'Du kommst automatisch hinein.');
  await ben.reload();
  await shows(ben, 'Die Stunde hat noch nicht begonnen.');

  kern = await classroom.enter(KERN, { role: 'teacher', name: NAMES[KERN] });
  await inside(ben, PATIENT);
  await sends(ben);
  await Promise.all([sees(kern, NAMES[BEN], BEN, PATIENT), sees(ben, NAMES[KERN], KERN, PATIENT)]);
  await Promise.all([hears(kern, [BEN], PATIENT), hears(ben, [KERN], PATIENT)]);
});

test('a guest waits in the lobby, learns nothing of the lesson, and is let in', async () => {
  lenz = await classroom.window(LENZ);
  lenz.on('websocket', (line) => line.on('framereceived', ({ payload }) => toLenz.push(payload)));
  const named = (name) => toLenz.some((payload) => String(payload).includes(name));
  await knock(lenz, await classroom.server.link({ role: 'guest' }), NAMES[LENZ]);
  await shows(lenz, 'Sie kommen gleich hinein.');
  await opens(kern, WORDS.people);
  await shows(kern, 'Im Warteraum · 1');

  await lenz.reload();
  await shows(lenz, 'Sie kommen gleich hinein.');
  await shows(kern, 'Im Warteraum · 1');
  for (const { remote } of await ask(lenz, 'negotiations')) assert.equal(remote, 0, 'no answer');
  assert.deepEqual(await ask(lenz, 'received'), { audio: 0, video: 0 });
  for (const name of [NAMES[KERN], NAMES[BEN]]) {
    assert.equal(await says(lenz, name), false, `${name} is not named`);
    assert.equal(named(name), false, `${name} is not sent`);
  }

  await press(kern, `${NAMES[LENZ]} einlassen`);
  await inside(lenz, PATIENT);
  assert.ok(named(NAMES[BEN]), 'inside, the names are sent');
  await sends(lenz);
  await Promise.all([sees(kern, NAMES[LENZ], LENZ, PATIENT), sees(lenz, NAMES[BEN], BEN, PATIENT)]);
  await everybodyHearsEverybody();
});

test('Ruhe silences at one press and gives back rights, not open microphones', async () => {
  await press(kern, WORDS.quiet, { exact: false });
  await Promise.all([ben, lenz].map((page) => is(page, WORDS.microphone, 'locked')));
  await hear([], [KERN], [KERN]);
  assert.equal(await stateOf(ben, WORDS.camera), 'on', 'pictures go on');
  await opens(ben, WORDS.chat);
  await shows(ben, 'Gerade ist Ruhe');
  const field = ben.getByRole('textbox', { name: WORDS.message });
  assert.equal(await field.count(), 0, 'nothing to write in');

  await comesBack(ben);
  await shows(ben, 'Ruhe. Mikrofone sind aus.');
  assert.equal(await stateOf(ben, WORDS.microphone), 'locked');
  await switchOn(ben, WORDS.camera);

  await press(kern, WORDS.quiet, { exact: false });
  await Promise.all([ben, lenz].map((page) => is(page, WORDS.microphone, 'off')));
  await hear([], [KERN], [KERN]);
  await opens(ben, WORDS.chat);
  await field.waitFor();
  await pressInPanel(ben, 'Schließen');
  await Promise.all([ben, lenz].map((page) => switchOn(page, WORDS.microphone)));
  await everybodyHearsEverybody();
});

test('open groups hear themselves alone, on the same line and the same element', async () => {
  const all = [kern, ben, lenz];
  await Promise.all(all.map((page) =>
    page.evaluate(() => (document.querySelector('audio').journey = 'same')),
  ));
  const unchanged = async (page) => {
    assert.equal(await page.evaluate(() => document.querySelector('audio').journey), 'same');
    assert.equal(await page.locator('audio').count(), 1);
    await negotiatedOnce(page);
  };
  await opens(kern, WORDS.tools);
  await pressInPanel(kern, 'Gruppen');
  await pressInPanel(kern, 'In 2 Gruppen einteilen');
  await pressInPanel(kern, 'Gruppen öffnen');
  const [ofBen, ofLenz] = await Promise.all([groupOf(ben), groupOf(lenz)]);
  assert.deepEqual([ofBen, ofLenz].sort(), [1, 2]);
  await hear([], [], []);

  await pressInPanel(kern, `Gruppe ${ofBen} besuchen`);
  await shows(ben, 'Frau Kern ist in dieser Gruppe.');
  await hear([BEN], [KERN], []);
  await pressInPanel(kern, 'Zurück zur Klasse');
  await pressInPanel(kern, NAMES[LENZ]);
  await pressInPanel(kern, `${NAMES[LENZ]} umsetzen: Gruppe ${ofBen}`);
  await hear([], [LENZ], [BEN]);
  await Promise.all(all.map(unchanged));

  await comesBack(ben);
  assert.equal(await groupOf(ben), ofBen, 'the same group');
  await sends(ben);
  await hear([], [LENZ], [BEN]);

  await pressInPanel(kern, NAMES[LENZ]);
  await pressInPanel(kern, `${NAMES[LENZ]} umsetzen: In der Klasse`);
  await shows(lenz, 'Andere sind in Gruppen');
  const ofBenThere = lenz.locator('[data-participant]', { hasText: NAMES[BEN] });
  await until('no picture of Ben stands still', async () => (await ofBenThere.count()) === 0, PATIENT);
  await hear([LENZ], [], [KERN]);

  await pressInPanel(kern, 'Alle zurückholen');
  await everybodyHearsEverybody();
  await Promise.all([kern, lenz].map(unchanged));
  await negotiatedOnce(ben);
});

test('a quick poll is two presses, and its result comes at the end', async () => {
  await pressInPanel(kern, WORDS.tools);
  await pressInPanel(kern, 'Umfrage');
  await pressInPanel(kern, 'Ja / Nein');
  await press(lenz, 'Nein');
  await shows(lenz, 'Ihre Stimme ist abgegeben.');
  await ben.getByRole('button', { name: 'Ja', exact: true }).waitFor();
  await comesBack(ben);
  await press(ben, 'Ja');
  await shows(ben, 'Deine Stimme ist abgegeben.');
  await shows(kern, '2 von 2 haben abgestimmt');
  for (const page of [kern, ben, lenz]) {
    assert.equal(await says(page, '50 %'), false, 'no result before the end');
  }

  await pressInPanel(kern, 'Umfrage beenden');
  for (const page of [kern, ben, lenz]) {
    await shows(page, 'Ergebnis');
    await shows(page, '1 Stimme · 50 %');
    await shows(page, 'Nur wenige haben abgestimmt.');
  }
});

test('what a teacher did to a pupil is taken back', async () => {
  await sends(ben);
  await sees(kern, NAMES[BEN], BEN, PATIENT);
  await opens(kern, WORDS.people);
  await press(kern, `Aktionen für ${NAMES[BEN]}`);
  await press(kern, 'Kamera aus');
  await is(ben, WORDS.camera, 'off');
  await shows(kern, 'Die Kamera von Ben Adler ist aus.');
  await press(kern, 'Rückgängig');
  await shows(ben, 'Die Kamera darf wieder an.');
  assert.equal(await stateOf(ben, WORDS.camera), 'off', 'nobody else switches it on');
  await press(ben, 'Kamera einschalten');
  await sees(kern, NAMES[BEN], BEN, PATIENT);

  await opens(ben, WORDS.chat);
  await press(kern, `Aktionen für ${NAMES[BEN]}`);
  await press(kern, 'Sperren …');
  await kern.getByRole('switch', { name: 'Chat', exact: true }).press('Space');
  await press(kern, 'Fertig');
  await shows(ben, 'An alle: Gesperrt von Frau Kern');
  await press(kern, 'Rückgängig');
  await until('it is free', async () => !(await says(ben, 'Gesperrt von Frau Kern')), PATIENT);
  await write(ben, 'Ich habe noch eine Frage.');
  await press(kern, WORDS.chat, { exact: false });
  await shows(kern, 'Ich habe noch eine Frage.');
});

test('captions and another own name reach everybody', async () => {
  await opens(kern, 'Mehr');
  await pressInPanel(kern, 'Untertitel schreiben');
  const line = kern.getByRole('textbox', { name: 'Untertitel schreiben' });
  await line.fill('Wir schlagen Seite zwölf auf.');
  await line.press('Enter');
  await Promise.all([kern, ben, lenz].map((page) => shows(page, 'Wir schlagen Seite zwölf auf.')));

  await opens(kern, 'Mehr');
  await kern.getByRole('button', { name: /^Eigenen Namen ändern/u }).click();
  await kern.getByRole('textbox', { name: 'Neuer Name' }).fill('Frau Kern-Lang');
  await kern.keyboard.press('Enter');
  await Promise.all([ben, lenz].map((page) => shows(page, 'Frau Kern-Lang')));
});
