/**
 * The real `kreide` binary on free ports with a data folder of its own.
 *
 * Invariant: `stop()` ends the process, waits for it and removes the folder, whatever happened.
 */
import { spawn, execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { whenLeaving } from './leaving.mjs';

const BINARY = resolve(
  process.env.KREIDE_BIN ?? join(import.meta.dirname, '../../../target/release/kreide'),
);

/** A room in which nobody waits and nothing is locked; what the default does has its own test. */
const OPEN = ['early=true', 'lobby=nobody', 'supervised=false', 'locked='];

/** A TCP port of the loopback address that was free a moment ago. */
export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/**
 * A UDP port that is free with those after it, one for each shard. Below the range from which the
 * kernel hands ports to browsers.
 */
async function freeMediaPort() {
  for (;;) {
    const port = randomInt(20_000, 30_000);
    const probes = cpus().map((_, shard) => bound(port + shard));
    const outcomes = await Promise.allSettled(probes);
    for (const { value } of outcomes) value?.close();
    if (outcomes.every(({ status }) => status === 'fulfilled')) return port;
  }
}

async function bound(port) {
  const socket = createSocket('udp4');
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/**
 * Starts a server and waits for its `ready`.
 * @param {{mediaAddress?: string, settings?: Record<string, string | number>,
 *   policy?: string[]}} [options]
 *   `mediaAddress`: the address that media is bound to; the default keeps test traffic on the
 *   loopback address. `settings`: keys of deploy/reference.toml. `policy`: what the school has
 *   decided for its rooms, as `kreide room set --policy` takes it; nothing: the defaults
 */
export async function startServer({ mediaAddress = '127.0.0.1', settings = {}, policy = OPEN } = {}) {
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: run \`make build\` first`);
  const data = await mkdtemp(join(tmpdir(), 'kreide-e2e-data-'));
  const http = await freePort();
  const media = await freeMediaPort();
  const server = new Server(data, http, media, mediaAddress, policy);
  try {
    await server.configure(settings);
    await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

class Server {
  #process = null;
  #lines = [];
  #policy;
  /** Rooms that are made, by their ids. */
  #rooms = new Map();

  constructor(data, http, media, mediaAddress, policy) {
    this.#policy = policy;
    this.data = data;
    this.port = http;
    this.url = `http://127.0.0.1:${http}`;
    this.flags = ['--http', `127.0.0.1:${http}`, '--media', `${mediaAddress}:${media}`];
  }

  /** What the server has written so far. */
  get log() {
    return this.#lines.join('\n');
  }

  /** Writes the settings that differ from the defaults. */
  async configure(settings) {
    const file = join(this.data, 'kreide.toml');
    const lines = Object.entries(settings).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
    await writeFile(file, lines.join(''));
    this.flags.push('--config', file);
  }

  /** Starts the process (again, on the same data and ports) and waits for `ready`. */
  async start() {
    const child = spawn(BINARY, ['serve', '--data', this.data, ...this.flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    const forget = whenLeaving(() => {
      child.kill('SIGKILL');
      rmSync(this.data, { recursive: true, force: true });
    });
    child.once('exit', forget);
    const ready = new Promise((done, failed) => {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          this.#lines.push(line);
          if (line === 'ready') done();
        });
      }
      child.once('error', failed);
      child.once('exit', (code, signal) =>
        failed(new Error(`kreide ended (${code ?? signal}) before it was ready:\n${this.log}`)),
      );
    });
    ready.catch(() => {});
    const late = new Promise((_, failed) => {
      setTimeout(
        () => failed(new Error(`kreide was not ready in 20 s:\n${this.log}`)),
        20_000,
      ).unref();
    });
    await Promise.race([ready, late]);
  }

  /** Ends the process by `signal` and waits until it is gone. */
  async end(signal = 'SIGTERM') {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    const hard = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(hard);
  }

  /** Ends the process and removes its data. */
  async stop() {
    await this.end();
    await rm(this.data, { recursive: true, force: true });
  }

  /**
   * A link as `kreide link` prints it.
   * @param {{role: string, name?: string, room?: string, url?: string, recordable?: boolean}}
   *   person without a name it is a link for the whole class
   */
  async link({ role, name, room = '7b', url = this.url, recordable = false }) {
    if (!this.#rooms.has(room)) this.#rooms.set(room, this.#makeRoom(room));
    await this.#rooms.get(room);
    const who = name === undefined ? ['--class'] : ['--name', name];
    if (recordable) who.push('--may-be-recorded');
    const { stdout } = await promisify(execFile)(BINARY, [
      'link', '--data', this.data, '--url', url, '--room', room, '--role', role, ...who,
    ]);
    return stdout.trim();
  }

  async #makeRoom(room) {
    const policy = this.#policy.flatMap((value) => ['--policy', value]);
    await promisify(execFile)(BINARY, ['room', 'set', room, '--data', this.data, ...policy]);
  }

  /**
   * The values of one metric.
   * @returns {Promise<Record<string, number>>} by labels as they are printed, `a="b",c="d"`
   */
  async metric(name) {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const lines = text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, 'gm'));
    return Object.fromEntries([...lines].map(([, labels = '', value]) => [labels, Number(value)]));
  }

  /** The reply of `/healthz`. */
  async health() {
    const reply = await fetch(`${this.url}/healthz`);
    return reply.json();
  }
}
