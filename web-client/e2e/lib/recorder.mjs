/**
 * What a teacher does to record, what a player page shows, and what lies on the disk.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { WORDS, press, says } from './classroom.mjs';
import { ask } from './judge.mjs';
import { until } from './until.mjs';

/** Opens the teacher's panel of recordings. */
export async function openPanel(page) {
  await press(page, WORDS.tools, { exact: false });
  await press(page, WORDS.recording, { exact: false });
}

/** The teacher records; resolves when it runs, to when that was seen. */
export async function startRecording(page) {
  await openPanel(page);
  await press(page, WORDS.startRecording);
  return until('the recording runs', async () => (await runs(page)) && Date.now(), {
    within: 15_000,
  });
}

/** Whether a page shows that the lesson is being recorded. */
export function runs(page) {
  return page.evaluate(() => document.querySelector('[data-recording="running"]') !== null);
}

/** The recordings of a server's disk. */
export async function files(folder) {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names.filter((name) => name.endsWith('.webm')).map((name) => join(folder, name));
}

/** What the player of a page shows at this moment. */
export function shown(page) {
  return page.evaluate(() => {
    const video = document.querySelector('video');
    if (!video) return null;
    return {
      at: video.currentTime,
      length: video.duration,
      ready: video.readyState,
      paused: video.paused,
      failed: video.error?.message ?? null,
      colour: window.kreideProbe.colour(video),
    };
  });
}

/** Waits until the picture of a player moves on; resolves to what it shows. */
export async function playing(page, limits = { within: 10_000, every: 50 }) {
  const before = await until('the player has a picture', async () => {
    const now = await shown(page);
    return now?.ready >= 2 && now.colour && now;
  }, limits);
  return until('the recording plays', async () => {
    const now = await shown(page);
    return now.at > before.at + 0.2 && now;
  }, limits);
}

/** Lists the recordings that whoever holds this access may see. */
export async function list(server, access) {
  const reply = await fetch(`${server.url}/api/recordings`, {
    headers: { authorization: `Bearer ${access}` },
  });
  if (!reply.ok) throw new Error(`the list was refused with ${reply.status}`);
  return (await reply.json()).recordings;
}

/** Access to a room's recordings, as the door gives it to the holder of a link. */
export async function access(server, link) {
  const reply = await fetch(`${server.url}/api/enter`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ link: link.split('#')[1] }),
  });
  return (await reply.json()).access;
}
