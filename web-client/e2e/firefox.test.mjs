/**
 * Firefox with default preferences beside one Chromium: they see and hear each other through the
 * server. Everything runs inside a network namespace.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openClassroom } from './lib/classroom.mjs';
import { startFirefox } from './lib/firefox.mjs';
import { decodedWhile, hears, negotiatedOnce, sees } from './lib/judge.mjs';
import { IN_FIREFOX } from './lib/media.mjs';
import { inNamespace } from './lib/namespace.mjs';
import { connectPair, servePair } from './lib/pair.mjs';

inNamespace(import.meta.filename, () => {
  let classroom;

  before(async () => {
    classroom = await openClassroom({ mediaAddress: '0.0.0.0' });
    await classroom.browser(IN_FIREFOX, startFirefox);
  });

  after(() => classroom?.close());

  test('the judges work in Firefox', async () => {
    const server = await servePair();
    const pages = [await classroom.window(0), await classroom.window(IN_FIREFOX)];
    await connectPair(server.url, pages, ['Frau Kern', 'Ben Adler']);
    await sees(pages[0], 'Ben Adler', IN_FIREFOX);
    await sees(pages[1], 'Frau Kern', 0);
    await Promise.all([hears(pages[0], [IN_FIREFOX]), hears(pages[1], [0])]);
    await Promise.all(pages.map((page) => page.close()));
    server.stop();
  });

  test('Firefox and Chromium see and hear each other for 30 s', async () => {
    const [kern, ben] = await Promise.all([
      classroom.enter(0, { role: 'teacher', name: 'Frau Kern' }),
      classroom.enter(IN_FIREFOX, { role: 'pupil', name: 'Ben Adler' }),
    ]);
    await Promise.all([
      sees(kern, 'Ben Adler', IN_FIREFOX, { within: 20_000 }),
      sees(ben, 'Frau Kern', 0, { within: 20_000 }),
    ]);
    await Promise.all([hears(kern, [IN_FIREFOX]), hears(ben, [0])]);
    const lines = await Promise.all([kern, ben].map((page) => decodedWhile(page, 30_000)));
    for (const all of lines) {
      assert.equal(all.filter(({ rate }) => rate >= 20).length, 1, JSON.stringify(lines));
    }
    await Promise.all([kern, ben].map(negotiatedOnce));
  });

  test('SRTP is AEAD_AES_128_GCM with every browser', async () => {
    const sessions = await classroom.server.metric('kreide_srtp_sessions_total');
    assert.deepEqual(sessions, { 'dtls="1.2",profile="SRTP_AEAD_AES_128_GCM"': 2 });
  });
});
