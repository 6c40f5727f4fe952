/**
 * What people do with recordings on the screen, on a made-up session: being told and asked,
 * starting and stopping, the list. What is in a recording is proved in recording.test.mjs.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startScreens } from './lib/screens.mjs';

let screens;

before(async () => {
  screens = await startScreens();
});

after(() => screens?.close());

const open = (t, scene, size) => screens.open(t, scene, size);
const button = (page, name, exact = true) => page.getByRole('button', { name, exact });
const sign = (page, state) => page.locator(`header [data-recording=${state}]`);
const aloud = (page, text) => page.locator('[aria-live=assertive].spoken', { hasText: text });

async function openPanel(page) {
  await button(page, 'Werkzeuge').click();
  await button(page, 'Aufnahme').click();
}

/** Counts the strokes that the page plays from now on. */
const listen = (page) =>
  page.evaluate(() => {
    globalThis.strokes = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...at) {
      globalThis.strokes += 1;
      start.apply(this, at);
    };
  });

test('a press announces it to all, by words and sound, before it begins', async (t) => {
  const page = await open(t, 'role=teacher&count=9');
  await listen(page);
  await openPanel(page);
  await page.getByText('Noch keine Aufnahme.').waitFor();
  await button(page, 'Aufnahme starten').click();
  await sign(page, 'announced').waitFor();
  await aloud(page, 'Frau Kern nimmt die Stunde auf').waitFor({ state: 'attached' });
  assert.match(await sign(page, 'announced').textContent(), /in [345] s/u);
  await page.waitForFunction(() => globalThis.strokes === 2);
  await sign(page, 'running').waitFor({ timeout: 10_000 });
  await aloud(page, 'wird jetzt aufgenommen').waitFor({ state: 'attached' });
  await page.getByText('Läuft seit 0:01').waitFor();
  await button(page, 'Aufnahme beenden').click();
  await page.getByText('Die Aufnahme ist gesichert.').waitFor();
  assert.equal(await page.locator('[data-recording]').count(), 0);
  assert.equal(await page.evaluate(() => globalThis.strokes), 2, 'one sound for one recording');
});

test('what was only announced can be called off', async (t) => {
  const page = await open(t, 'role=teacher&count=4');
  await openPanel(page);
  await button(page, 'Aufnahme starten').click();
  await page.locator('.notice').getByRole('button', { name: 'Nicht aufnehmen' }).click();
  await page.getByText('Es wurde nichts aufgenommen.').waitFor();
  assert.equal(await page.locator('[data-recording]').count(), 0);
});

for (const [word, on] of [['Ja, aufnehmen', true], ['Nein, ohne mich', false]]) {
  test(`the question waits for an answer, which can be changed: ${word}`, async (t) => {
    const page = await open(t, 'role=pupil&count=4&recording=runs&consent=asked');
    const question = page.getByText('Darf man dich in der Aufnahme sehen und hören?');
    await question.filter({ visible: true }).first().waitFor();
    assert.equal(await page.locator('dialog').count(), 0, 'the lesson can be used meanwhile');
    assert.notEqual(
      await page.evaluate(() => document.activeElement?.textContent?.trim()), 'Ja, aufnehmen',
    );
    await button(page, word).click();
    await page.getByText(on ? 'Du bist in der Aufnahme.' : 'Du bist nicht in der Aufnahme.').waitFor();
    await button(page, 'Mehr').click();
    await button(page, 'Einstellungen').click();
    const change = page.getByRole('switch', { name: 'In der Aufnahme' });
    assert.equal(await change.isChecked(), on);
    await change.press('Space');
    assert.equal(await change.isChecked(), !on);
  });
}

test('who may not be in it is told so, and not asked', async (t) => {
  const page = await open(t, 'role=pupil&count=4&recording=runs&consent=none');
  await page.locator('.notice', { hasText: 'Du bist nicht in der Aufnahme.' }).waitFor();
  assert.equal(await button(page, 'Ja, aufnehmen').count(), 0);
  await page.locator('.notice').getByRole('button', { name: 'Schließen' }).click();
  await sign(page, 'running').waitFor();
});

test('a pupil learns of nobody else; a teacher of all', async (t) => {
  const scene = 'count=9&recording=runs&consent=no';
  const signs = (page) => page.locator('.tile .recorded').count();
  const pupil = await open(t, `role=pupil&${scene}`);
  assert.equal(await signs(pupil), 1, 'whoever records, told to all');
  const teacher = await open(t, `role=teacher&${scene}`);
  assert.equal(await signs(teacher), 5);
});

test('the sign is there where the header has no room', async (t) => {
  const page = await open(t, 'role=pupil&count=4&recording=runs', [740, 340]);
  await page.locator('main [data-recording=running]').waitFor();
});

test('an accident is told to the teacher with its time', async (t) => {
  const page = await open(t, 'role=teacher&count=4&stopped=storageFull');
  await page.getByText('Die Aufnahme hat um 9:52 gestoppt: Speicher voll.').waitFor();
  const pupil = await open(t, 'role=pupil&count=4&stopped=storageFull');
  await pupil.locator('#bar').waitFor();
  assert.equal(await pupil.getByText('Speicher voll').count(), 0);
});

test('releasing can be undone, deleting asks first', async (t) => {
  const page = await open(t, 'role=teacher&count=4&recordings=3');
  await openPanel(page);
  const rows = page.locator('.panel li');
  await rows.first().getByText('nur für Lehrkräfte').waitFor();
  await rows.first().getByRole('button', { name: /^Aktionen/u }).click();
  await button(page, 'Freigeben').click();
  await rows.first().getByText('freigegeben').waitFor();
  await button(page, 'Rückgängig').click();
  await rows.first().getByText('nur für Lehrkräfte').waitFor();

  await rows.first().getByRole('button', { name: /^Aktionen/u }).click();
  await button(page, 'Löschen').click();
  const dialog = page.getByRole('dialog', { name: 'Aufnahme löschen?' });
  await dialog.getByText('lässt sich nicht rückgängig machen').waitFor();
  await dialog.getByRole('button', { name: 'Behalten' }).click();
  assert.equal(await rows.count(), 3);
  await rows.first().getByRole('button', { name: /^Aktionen/u }).click();
  await button(page, 'Löschen').click();
  await dialog.getByRole('button', { name: 'Aufnahme löschen' }).click();
  await page.getByText('Gelöscht.').waitFor();
  assert.equal(await rows.count(), 2);
});

test('the player opens in a tab of its own that knows nothing of the lesson', async (t) => {
  const page = await open(t, 'role=teacher&count=4&recordings=1');
  await page.evaluate(() => {
    globalThis.opened = [];
    globalThis.open = (...words) => globalThis.opened.push(words);
  });
  await openPanel(page);
  await page.getByRole('button', { name: /^Aufnahme vom .* ansehen$/u }).click();
  assert.deepEqual(await page.evaluate(() => globalThis.opened), [['/r#r1.access', '_blank', 'noopener']]);
});

test('after the lesson and at the door the recordings are at hand', async (t) => {
  const ended = await open(t, 'at=out&role=teacher&reason=LESSON_ENDED&recordings=2');
  await button(ended, 'Freigeben').waitFor();
  assert.equal(await button(ended, 'Freigeben').count(), 1, 'those of this lesson only');
  await ended.getByText('Bleibt bis 23. Dez.').waitFor();

  const door = await open(t, 'at=door&role=pupil&recordings=8');
  const rows = door.locator('form li');
  await rows.first().waitFor();
  assert.equal(await rows.count(), 3);
  assert.equal(await button(door, 'Aktionen', false).count(), 0, 'pupils only watch');
  await button(door, 'Alle zeigen (4)').click();
  assert.equal(await rows.count(), 4);

  const none = await open(t, 'at=door&role=pupil&recordings=0');
  await button(none, 'Beitreten').waitFor();
  assert.equal(await none.getByText('Aufnahmen').count(), 0);
});

for (const [fault, words] of [[401, 'ist abgelaufen'], [500, 'schiefgegangen']]) {
  test(`a list that cannot be had says why: ${fault}`, async (t) => {
    const page = await open(t, `role=teacher&count=4&recordings=3&fault=${fault}`);
    await openPanel(page);
    await page.getByText(words).waitFor();
  });
}
