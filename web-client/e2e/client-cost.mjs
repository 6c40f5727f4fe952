/**
 * What a teacher's browser costs with pictures that the SFU brings: `node e2e/client-cost.mjs
 * [--from crowd|bots] [--tiles 9,28] [--seconds 10] [--large]` prints one JSON object. A measurement
 * and no test: it depends on the machine and on who else uses it, so both loads stand beside the
 * figures. `make build` first.
 *
 * The cost is the processor time of all processes of the teacher's Chromium as the kernel counts
 * it, in cores: receiving, decoding, drawing without a graphics card, and the client itself.
 * `dark` is the same room before the first camera and microphone is on (not measured with bots).
 *
 * From the `crowd` (another Chromium, lib/crowd.js) come moving pictures that an encoder made, from
 * `bots` as many packets of VP8 that is grey: the network's path and the decoder are the
 * same, the pixels are not.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { startBots } from './lib/bots.mjs';
import { join, openClassroom } from './lib/classroom.mjs';
import { ask } from './lib/judge.mjs';
import { cores, processOf, spent } from './lib/processor.mjs';
import { until } from './lib/until.mjs';

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: 'crowd' },
    tiles: { type: 'string', default: '9,28' },
    seconds: { type: 'string', default: '10' },
    large: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const folder = await mkdtemp(path(tmpdir(), 'kreide-client-cost-'));
const scenes = [];
try {
  for (const tiles of values.tiles.split(',').map(Number)) scenes.push(await scene(tiles));
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(JSON.stringify({ from: values.from, large: values.large, seconds, scenes }, null, 2));

/** A lesson with so many cameras, and what it costs the teacher. */
async function scene(tiles) {
  const classroom = await openClassroom();
  const loadBefore = load();
  let company;
  try {
    company = values.from === 'bots' ? await withBots(classroom, tiles) : await withCrowd(classroom, tiles);
    const { teacher, dark } = company;
    await until(`${tiles} pictures are seen`, async () => {
      const shown = (await ask(teacher, 'tiles')).filter(({ colour }) => colour);
      if (shown.length === tiles) return true;
      throw new Error(`${shown.length} of ${tiles}`);
    }, { within: 60_000, every: 500 });
    // Layers settle.
    await pause(3000);
    const bright = await watch(classroom, teacher);
    return { tiles, loadBefore, loadAfter: load(), dark, bright };
  } finally {
    await company?.stop();
    await classroom.close();
  }
}

async function withCrowd(classroom, count) {
  const teacher = await classroom.enter(0, { role: 'teacher', name: 'Frau Kern', microphone: false, camera: false });
  const film = await moving();
  const flags = [`--use-file-for-fake-video-capture=${film}`];
  const crowd = await classroom.window(1, { flags });
  await crowd.addInitScript({ path: path(import.meta.dirname, 'lib/crowd.js') });
  await crowd.goto(`${classroom.server.url}/healthz`); // A page of the server without the client.
  const secret = new URL(await classroom.server.link({ role: 'pupil' })).hash.slice(1);
  await crowd.evaluate(`kreideCrowd.enter(${JSON.stringify(secret)}, ${count}, ${values.large})`);
  await pause(2000);
  const dark = await watch(classroom, teacher);
  await crowd.evaluate('kreideCrowd.show(3)');
  return { teacher, dark, stop: async () => {} };
}

async function withBots(classroom, count) {
  const scenario = path(import.meta.dirname, 'crowd.toml');
  const options = { seconds: 86_400, role: 'teacher', set: [`count=${count}`] };
  const bots = await startBots(classroom.server, scenario, options);
  const teacher = await classroom.window(0);
  await join(teacher, await bots.link(), 'Frau Kern');
  await bots.begin();
  return { teacher, dark: null, stop: () => bots.stop() };
}

/** What the teacher's browser does for some seconds. */
async function watch(classroom, teacher) {
  const browser = await processOf((await classroom.browser(0)).browser);
  const look = async () => ({
    at: performance.now(),
    spent: spent(browser),
    lines: (await ask(teacher, 'statistics', 'inbound-rtp')).filter(({ kind }) => kind === 'video'),
    shown: await teacher.evaluate(() =>
      [...document.querySelectorAll('video')].reduce(
        (sum, video) => sum + video.getVideoPlaybackQuality().totalVideoFrames,
        0,
      ),
    ),
  });
  const before = await look();
  await pause(seconds * 1000);
  const after = await look();
  const lasted = (after.at - before.at) / 1000;
  const sum = (lines, what) => lines.reduce((all, line) => all + (line[what] ?? 0), 0);
  const each = (what) => (sum(after.lines, what) - sum(before.lines, what)) / lasted;
  const { running, waiting } = cores(before.spent, after.spent, lasted);
  return {
    coresUsed: rounded(running, 3),
    coresWaitedFor: rounded(waiting, 3),
    processes: after.spent.processes,
    decodedPerSecond: rounded(each('framesDecoded'), 1),
    droppedPerSecond: rounded(each('framesDropped'), 1),
    shownPerSecond: rounded((after.shown - before.shown) / lasted, 1),
    kbitPerSecond: rounded((each('bytesReceived') * 8) / 1000, 0),
    msToDecodeOne: rounded((each('totalDecodeTime') / Math.max(each('framesDecoded'), 1)) * 1000, 2),
    heights: counted(after.lines.map(({ frameHeight }) => frameHeight).filter((height) => height)),
  };
}

/** Some seconds of a picture that moves everywhere. */
async function moving() {
  const file = path(folder, 'moving.y4m');
  await promisify(execFile)('ffmpeg', [
    '-v', 'error', '-y', '-f', 'lavfi', '-i', `testsrc2=size=${values.large ? '640x360' : '320x180'}:rate=30`,
    '-t', '4', '-pix_fmt', 'yuv420p', file,
  ]);
  return file;
}

function load() {
  return readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' ');
}

function counted(all) {
  return Object.fromEntries([...new Set(all)].map((one) => [one, all.filter((other) => other === one).length]));
}

function rounded(value, digits) {
  return Number(value.toFixed(digits));
}
