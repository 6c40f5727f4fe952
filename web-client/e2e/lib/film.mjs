/**
 * A recording as a judge sees it: decoded by ffmpeg, which knows nothing of us.
 *
 * Owns: pictures and samples with their times, and whose colour and tone is where.
 * Leaves out: how a recording is fetched, and players.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { PEOPLE } from './media.mjs';
import { whose } from './judge.mjs';

const RATE = 48_000;
const COLUMNS = 16;
const ROWS = 9;
const RUN = { maxBuffer: 1 << 30, encoding: 'buffer' };

/** What ffprobe says of a file after decoding all of it, and every complaint it had. */
export async function inspect(path) {
  const { stdout, stderr } = await run('ffprobe', [
    '-v', 'error', '-count_frames', '-print_format', 'json', '-show_format', '-show_streams', path,
  ]);
  return { ...JSON.parse(stdout.toString()), complaints: stderr.toString().trim() };
}

/**
 * Every picture of a file, small.
 * @returns {Promise<{at: number, who: number | null, colour: number[], light: number}[]>} seconds,
 *   whose colour it is (null: nobody's), the median colour and the mean brightness
 */
export async function pictures(path) {
  const { stdout, stderr } = await run('ffmpeg', [
    '-v', 'info', '-i', path, '-map', '0:v', '-fps_mode', 'passthrough',
    '-vf', `scale=${COLUMNS}:${ROWS}:flags=area,format=rgb24,showinfo`, '-f', 'rawvideo', '-',
  ]);
  const times = [...stderr.toString().matchAll(/pts_time:([\d.]+)/g)].map(([, at]) => Number(at));
  const size = COLUMNS * ROWS * 3;
  return times.map((at, n) => {
    const pixels = stdout.subarray(n * size, (n + 1) * size);
    const colour = [0, 1, 2].map((channel) => median(pixels, channel));
    return { at, colour, who: whose(colour), light: mean(pixels) };
  });
}

/** All sound of a file as one channel of 48,000 samples a second, from time 0 on. */
export async function sound(path) {
  const { stdout } = await run('ffmpeg', [
    '-v', 'error', '-i', path, '-map', '0:a', '-af', 'aresample=async=1:first_pts=0',
    '-ac', '1', '-ar', `${RATE}`, '-f', 'f32le', '-',
  ]);
  return new Float32Array(stdout.buffer, stdout.byteOffset, Math.floor(stdout.byteLength / 4));
}

/**
 * How loud each person's tone is in a stretch of sound, compared with what lies beside it.
 * @returns {number[]} decibels above the louder neighbour 50 Hz away, by person
 */
export function tones(samples, from, to) {
  const part = samples.subarray(Math.round(from * RATE), Math.round(to * RATE));
  return PEOPLE.map(({ tone }) => {
    const beside = Math.max(loudness(part, tone - 50), loudness(part, tone + 50), 1e-7);
    return 20 * Math.log10(Math.max(loudness(part, tone), 1e-9) / beside);
  });
}

/** When a tone begins, again and again: seconds. `quiet` seconds must lie between two. */
export function onsets(samples, hertz, quiet = 0.4) {
  const step = 48;
  const found = [];
  let last = -Infinity;
  for (let at = 0; at + 240 <= samples.length; at += step) {
    if (loudness(samples.subarray(at, at + 240), hertz) < 0.05) continue;
    const now = (at + 120) / RATE;
    if (now - last > quiet) found.push(now);
    last = now;
  }
  return found;
}

/** Amplitude at a frequency: the root mean square over windows of Goertzel's algorithm. */
function loudness(samples, hertz) {
  const window = Math.min(4096, samples.length);
  const turn = 2 * Math.cos((2 * Math.PI * hertz) / RATE);
  let sum = 0;
  let count = 0;
  for (let start = 0; start + window <= samples.length; start += window) {
    let one = 0;
    let two = 0;
    for (let n = 0; n < window; n += 1) {
      const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / window);
      [one, two] = [samples[start + n] * hann + turn * one - two, one];
    }
    sum += (16 * Math.max(one * one + two * two - turn * one * two, 0)) / window ** 2;
    count += 1;
  }
  return Math.sqrt(sum / Math.max(count, 1));
}

function median(pixels, channel) {
  const values = [];
  for (let at = channel; at < pixels.length; at += 3) values.push(pixels[at]);
  return values.sort((a, b) => a - b)[values.length >> 1];
}

function mean(pixels) {
  return pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
}

async function run(command, words) {
  return promisify(execFile)(command, words, RUN).catch((error) => {
    if (error.stderr === undefined) throw error;
    throw new Error(`${command} failed: ${error.stderr}`);
  });
}
