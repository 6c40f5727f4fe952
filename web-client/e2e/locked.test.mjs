/**
 * A lock holds where the packets are: a pupil's client that is patched to keep sending delivers
 * nothing to the others while it is locked.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { WORDS, openClassroom, press, stateOf, switchOn } from './lib/classroom.mjs';
import { ask, hears, sees } from './lib/judge.mjs';
import { until } from './lib/until.mjs';

/** Runs in the pupil's page before the client: whatever the client does, sending goes on. */
const STUBBORN = `
  const replace = RTCRtpSender.prototype.replaceTrack;
  RTCRtpSender.prototype.replaceTrack = function (track) {
    return track ? replace.call(this, track) : Promise.resolve();
  };
  const set = RTCRtpSender.prototype.setParameters;
  RTCRtpSender.prototype.setParameters = function (parameters) {
    for (const encoding of parameters.encodings ?? []) encoding.active = true;
    return set.call(this, parameters);
  };
  RTCPeerConnection.prototype.removeTrack = () => {};
  MediaStreamTrack.prototype.stop = () => {};
  Object.defineProperty(MediaStreamTrack.prototype, 'enabled', { get: () => true, set() {} });
`;

let classroom;
let kern;
let ben;
let emil;

before(async () => {
  classroom = await openClassroom();
  [kern, ben, emil] = await Promise.all([
    classroom.enter(0, { role: 'teacher', name: 'Frau Kern', microphone: false, camera: false }),
    classroom.enter(1, { role: 'pupil', name: 'Ben Adler', scripts: [STUBBORN] }),
    classroom.enter(2, { role: 'pupil', name: 'Emil Busch', microphone: false, camera: false }),
  ]);
  await Promise.all([kern, emil].map((page) => sees(page, 'Ben Adler', 1)));
  await Promise.all([kern, emil].map((page) => hears(page, [1])));
});

after(() => classroom?.close());

/** Asserts that Ben sends `kind` for 3 s and that nothing of it reaches the others. */
async function deliversNothing(kind) {
  await until('what was on its way has arrived', async () => {
    const before = await ask(emil, 'received');
    await pause(500);
    return (await ask(emil, 'received'))[kind] === before[kind];
  });
  const others = [kern, emil];
  const before = await Promise.all(others.map((page) => ask(page, 'received')));
  const sent = await ask(ben, 'sent');
  await pause(3000);
  const more = (await ask(ben, 'sent'))[kind] - sent[kind];
  assert.ok(more > 50, `the patched client goes on sending ${kind}: ${more} packets`);
  for (const [at, page] of others.entries()) {
    assert.equal((await ask(page, 'received'))[kind] - before[at][kind], 0, `${kind} packets`);
  }
}

test('a locked microphone delivers 0 packets', async () => {
  await press(kern, WORDS.people, { exact: false });
  await toggle('Mikro');
  await until('the lock is told', async () => (await stateOf(ben, WORDS.microphone)) === 'locked');
  await deliversNothing('audio');
});

test('a locked camera delivers 0 packets', async () => {
  await toggle('Kamera');
  await until('the lock is told', async () => (await stateOf(ben, WORDS.camera)) === 'locked');
  await deliversNothing('video');
});

test('unlocking switches nothing on; the pupil does', async () => {
  await toggle('Mikro');
  await until('it is free', async () => (await stateOf(ben, WORDS.microphone)) === 'off');
  await deliversNothing('audio');
  await switchOn(ben, WORDS.microphone);
  await Promise.all([kern, emil].map((page) => hears(page, [1])));
});

test('Ruhe silences the class and gives back what was', async () => {
  await press(kern, WORDS.quiet, { exact: false });
  await until('it is quiet', async () => (await stateOf(ben, WORDS.microphone)) === 'locked');
  await deliversNothing('audio');
  await press(kern, WORDS.quiet, { exact: false });
  await until('it is over', async () => (await stateOf(ben, WORDS.microphone)) !== 'locked');
  assert.equal(await stateOf(ben, WORDS.camera), 'locked', 'what was locked before stays so');
});

/** Locks or unlocks something for Ben. */
async function toggle(what) {
  await press(kern, 'Aktionen für Ben Adler');
  await press(kern, 'Sperren …');
  await kern.getByRole('switch', { name: what, exact: true }).press('Space');
  await press(kern, 'Fertig');
}
