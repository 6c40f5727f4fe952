/**
 * What each person of a test looks and sounds like.
 *
 * Owns: one colour and one tone per person, and the files that Chromium's fake camera and
 * microphone play. Colours and tones are far enough apart that a judge who sees one received
 * picture, or hears one received track, can say whose it is.
 * Leaves out: how browsers are started (chromium.mjs, firefox.mjs).
 */
import { mkdirSync, existsSync, writeFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Size of every camera, in pixels. */
export const WIDTH = 640;
export const HEIGHT = 360;
const FPS = 30;
const FRAMES = 60;
const SAMPLE_RATE = 48_000;

/**
 * Every person's colour (RGB) and tone (hertz): what a judge chooses between. The colours stay
 * apart after 4:2:0 compression.
 */
export const PEOPLE = [
  { colour: [205, 40, 40], tone: 300 },
  { colour: [40, 70, 210], tone: 500 },
  { colour: [225, 200, 40], tone: 700 },
  { colour: [165, 45, 185], tone: 900 },
  { colour: [40, 190, 195], tone: 1200 },
  { colour: [235, 130, 30], tone: 1000 },
];

/** What Chromium's fake screen looks like when it is shown. */
export const SCREEN = [0, 135, 0];

/** Who uses Firefox: its own test microphone gives 1000 Hz and nothing else. */
export const IN_FIREFOX = 5;

/**
 * The fake camera and microphone files of person `i`, made when first asked for.
 * @returns {{video: string, audio: string}} paths
 */
export function files(i) {
  const folder = join(tmpdir(), `kreide-e2e-media-${process.getuid()}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { colour, tone } = PEOPLE[i];
  return {
    video: made(join(folder, `${colour.join('-')}.y4m`), () => video(colour)),
    audio: made(join(folder, `${tone}.wav`), () => audio(tone)),
  };
}

/** Written beside and renamed, so that a broken run leaves no half file. */
function made(path, make) {
  if (!existsSync(path)) {
    const unfinished = `${path}.${process.pid}`;
    writeFileSync(unfinished, make());
    renameSync(unfinished, path);
  }
  return path;
}

/**
 * Two seconds of one colour with a white bar that walks across it once, so that the loop has no
 * jump and every frame differs from the one before.
 */
function video([r, g, b]) {
  const [y, u, v] = [
    16 + 0.257 * r + 0.504 * g + 0.098 * b,
    128 - 0.148 * r - 0.291 * g + 0.439 * b,
    128 + 0.439 * r - 0.368 * g - 0.071 * b,
  ].map(Math.round);
  const head = Buffer.from('FRAME\n');
  const chroma = (WIDTH / 2) * (HEIGHT / 2);
  const parts = [Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F${FPS}:1 Ip A1:1 C420jpeg\n`)];
  for (let n = 0; n < FRAMES; n += 1) {
    const luma = Buffer.alloc(WIDTH * HEIGHT, y);
    const at = Math.round((n * WIDTH) / FRAMES);
    for (let row = HEIGHT / 3; row < HEIGHT / 2; row += 1) {
      luma.fill(235, row * WIDTH + at, row * WIDTH + Math.min(at + 40, WIDTH));
    }
    parts.push(head, luma, Buffer.alloc(chroma, u), Buffer.alloc(chroma, v));
  }
  return Buffer.concat(parts);
}

/**
 * One second of a tone that comes and goes like syllables: a steady one would be taken for a
 * humming fan by the browsers' noise suppression. Whole periods, so the loop has no click.
 */
function audio(hertz) {
  const samples = Buffer.alloc(SAMPLE_RATE * 2);
  for (let n = 0; n < SAMPLE_RATE; n += 1) {
    const t = n / SAMPLE_RATE;
    const syllable = Math.max(0, Math.sin(2 * Math.PI * 4 * t)) ** 0.5;
    const value = 0.4 * syllable * Math.sin(2 * Math.PI * hertz * t);
    samples.writeInt16LE(Math.round(value * 32_767), n * 2);
  }
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(SAMPLE_RATE, 24);
  head.writeUInt32LE(SAMPLE_RATE * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}
