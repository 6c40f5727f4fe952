/**
 * A seat outlives its connection: a cut line, a reload and a second device all lead back to it.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  WORDS, inside, isShown, join, openClassroom, press, says, stateOf, switchOn, write,
} from './lib/classroom.mjs';
import { ask, decodedWhile, hears, negotiatedOnce, sees, tile } from './lib/judge.mjs';
import { startProxy } from './lib/proxy.mjs';
import { until } from './lib/until.mjs';

let classroom;
let proxy;
let kern;
let ben;
let seat;

before(async () => {
  classroom = await openClassroom();
  proxy = await startProxy(classroom.server.port);
  kern = await classroom.enter(0, { role: 'teacher', name: 'Frau Kern' });
  ben = await classroom.enter(1, { role: 'pupil', name: 'Ben Adler', url: proxy.url });
  await sees(kern, 'Ben Adler', 1);
  await sees(ben, 'Frau Kern', 0);
  seat = (await tile(kern, 'Ben Adler')).participant;
});

after(async () => {
  await classroom?.close();
  await proxy?.stop();
});

/** Asserts that the teacher's list has Ben once, at his seat. */
async function atTheSameSeat() {
  const tiles = (await ask(kern, 'tiles')).filter(({ text }) => text.includes('Ben Adler'));
  assert.deepEqual(new Set(tiles.map(({ participant }) => participant)), new Set([seat]));
}

test('5 s without the line keep seat, hand and chat, and the media goes on', async () => {
  await press(ben, WORDS.chat, { exact: false });
  await press(kern, WORDS.chat, { exact: false });
  await write(ben, 'Was ist Aufgabe 3?');
  await until('the teacher reads it', () => says(kern, 'Was ist Aufgabe 3?'));
  await switchOn(ben, WORDS.hand);

  proxy.cut();
  await until('the loss is told', () => says(ben, 'Verbindung weg.'), { within: 3000 });
  await write(kern, 'Seite 12');
  const [lines] = await Promise.all([decodedWhile(ben, 5000), decodedWhile(kern, 5000)]);
  assert.ok(lines.some(({ rate }) => rate >= 15), `media goes on: ${JSON.stringify(lines)}`);
  assert.equal(await says(ben, 'Seite 12'), false);
  proxy.mend();

  await until('what was missed is there', () => says(ben, 'Seite 12'), { within: 10_000 });
  await until('the notice is gone', async () => !(await says(ben, 'Verbindung weg.')));
  assert.ok(await says(ben, 'Was ist Aufgabe 3?'));
  assert.equal(await stateOf(ben, WORDS.hand), 'on');
  await press(kern, WORDS.people, { exact: false });
  assert.ok(await isShown(kern, 'Ben Adler drannehmen'), 'the teacher still sees the hand');
  await atTheSameSeat();
  await negotiatedOnce(ben);
  await negotiatedOnce(kern);
});

test('a reload returns to the same seat', async () => {
  await ben.reload();
  await inside(ben);
  await atTheSameSeat();
  assert.equal(await stateOf(ben, WORDS.hand), 'on');
  await switchOn(ben, WORDS.camera);
  await switchOn(ben, WORDS.microphone);
  await sees(kern, 'Ben Adler', 1);
  await sees(ben, 'Frau Kern', 0);
  await hears(kern, [1]);
  await negotiatedOnce(kern);
});

test('closed and opened again by the link, the seat is the same', async () => {
  const link = await classroom.server.link({ role: 'pupil', name: 'Ada Lenz' });
  const first = await classroom.window(2);
  await join(first, link);
  await switchOn(first, WORDS.hand);
  await until('the teacher sees Ada', () => tile(kern, 'Ada Lenz'));
  const { participant } = await tile(kern, 'Ada Lenz');
  await first.close();

  const again = await classroom.window(2);
  await join(again, link);
  assert.equal(await stateOf(again, WORDS.hand), 'on');
  await switchOn(again, WORDS.camera);
  await sees(kern, 'Ada Lenz', 2);
  assert.equal((await tile(kern, 'Ada Lenz')).participant, participant);
  await again.close();
});

test('the newest device wins the seat, and the older window can have it back', async () => {
  const link = await classroom.server.link({ role: 'pupil', name: 'Emil Busch' });
  const first = await classroom.window(2);
  await join(first, link);
  await switchOn(first, WORDS.camera);
  await sees(kern, 'Emil Busch', 2);
  const { participant } = await tile(kern, 'Emil Busch');

  const second = await classroom.window(2, { width: 360, height: 560 });
  await join(second, link);
  await until('the older window is told', () => says(first, 'in einem anderen Fenster'));
  await switchOn(second, WORDS.camera);
  await sees(kern, 'Emil Busch', 2);
  assert.equal((await tile(kern, 'Emil Busch')).participant, participant);

  await press(first, 'Hierher holen');
  await inside(first);
  await until('the newer window is told', () => says(second, 'in einem anderen Fenster'));
  assert.equal((await tile(kern, 'Emil Busch')).participant, participant);
});
