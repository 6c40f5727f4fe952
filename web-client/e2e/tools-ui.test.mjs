/**
 * The panels of a lesson's tools by keyboard and by hand, on made-up data: what is pressed is told
 * as the message that would be sent.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startScreens } from './lib/screens.mjs';

let screens;
before(async () => {
  screens = await startScreens();
});
after(() => screens?.close());

/** The page of the tools, one example of it, and the last message. */
async function open(t, name) {
  const page = await screens.open(t, 'page=tools&lang=de');
  const example = page.getByRole('region', { name, exact: true });
  const sent = async () => JSON.parse(await page.locator('output').textContent());
  return { page, example, sent };
}

test('somebody is moved to another group by keyboard, and the focus goes with them', async (t) => {
  const { page, example, sent } = await open(t, 'Groups, prepared');
  await example.getByRole('button', { name: 'Emil', exact: true }).focus();
  await page.keyboard.press('Enter');
  await example.getByRole('button', { name: 'Emil umsetzen: Gruppe 4' }).focus();
  await page.keyboard.press('Enter');
  const there = example.getByRole('list', { name: 'Gruppe 4' });
  await there.getByRole('button', { name: 'Emil', exact: true }).waitFor();
  assert.deepEqual(await sent(), { type: 'groups', act: 'assign', who: 6, group: 4 });
  assert.equal(await page.evaluate(() => document.activeElement?.textContent?.trim()), 'Emil');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  assert.equal(await example.getByRole('button', { name: /Emil umsetzen/u }).count(), 0);
});

test('somebody is moved by dragging', async (t) => {
  const { example, sent } = await open(t, 'Groups, prepared');
  const card = example.getByRole('listitem').filter({ hasText: 'Gruppe 2 · 4' });
  await example.getByRole('button', { name: 'Tom', exact: true }).dragTo(card.getByRole('heading'));
  await example.getByRole('list', { name: 'Gruppe 2' }).getByText('Tom').waitFor();
  assert.deepEqual(await sent(), { type: 'groups', act: 'assign', who: 19, group: 2 });
});

test('groups are dealt out at one tap, or by size', async (t) => {
  const { page, example, sent } = await open(t, 'Groups, none');
  await example.getByRole('button', { name: 'In 4 Gruppen einteilen' }).click();
  assert.deepEqual(await sent(), { type: 'groups', act: 'deal', number: 4, shuffled: true });
  await example.getByRole('radio', { name: 'Nach Sitzplan' }).check();
  await example.getByRole('button', { name: 'Eigene' }).click();
  await example.getByRole('radio', { name: 'Größe einer Gruppe' }).check();
  await example.getByRole('textbox').fill('4');
  await example.getByText('5 × 3 oder 4 Personen').waitFor();
  await page.keyboard.press('Enter');
  assert.deepEqual(await sent(), { type: 'groups', act: 'deal', size: 4, shuffled: false });
  await example.getByRole('radio', { name: 'Selbst wählen lassen' }).check();
  await example.getByRole('button', { name: 'In 8 Gruppen einteilen' }).click();
  assert.deepEqual(await sent(), { type: 'groups', act: 'offer', groups: 8 });
});

test('a poll takes two presses from the tools, and a way back', async (t) => {
  const { page, example, sent } = await open(t, 'Tools, nothing on');
  await example.getByRole('button', { name: 'Umfrage' }).click();
  await example.getByRole('button', { name: 'Ja / Nein' }).click();
  const asked = { type: 'poll', act: 'open', options: { kind: 'yesNo' }, live: false };
  assert.deepEqual(await sent(), asked);
  await example.getByRole('button', { name: 'Werkzeuge' }).click();
  await screens.settle(page);
  assert.equal(await page.evaluate(() => document.activeElement?.textContent?.trim()), 'Umfrage');
});

test('a digit votes while the card has the focus, and no second vote follows', async (t) => {
  const { page, example, sent } = await open(t, 'Poll: letters, asked aloud');
  await example.getByRole('button', { name: 'A', exact: true }).focus();
  await page.keyboard.press('9');
  assert.equal(await page.locator('output').textContent(), '');
  await page.keyboard.press('3');
  await example.getByText('Ihre Stimme ist abgegeben.').waitFor();
  assert.deepEqual(await sent(), { type: 'poll', act: 'vote', poll: 1, option: 2 });
  assert.equal(await example.getByRole('button', { name: 'A', exact: true }).count(), 0);
});

test('what is refused is told where it was pressed', async (t) => {
  const { example } = await open(t, 'Ready, to ask; refused');
  await example.getByRole('button', { name: 'Alle fragen' }).click();
  await example.getByRole('status').getByText('nicht erlaubt').waitFor();
});

test('a line for all is closed by everyone for themselves', async (t) => {
  const { example } = await open(t, 'Announcement');
  const line = example.getByText('Ansage von Frau Kern');
  await line.waitFor();
  await example.getByRole('button', { name: 'Schließen' }).last().click();
  await line.waitFor({ state: 'detached' });
});
