/**
 * Bots of the load test as the company of a browser: they play a scenario against a server of
 * this suite, and let one person in who is no bot.
 *
 * Invariant: `stop()` ends the process and removes its files, whatever happened.
 * Leaves out: what bots do (loadtest/README.md), and what the browser does.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { whenLeaving } from './leaving.mjs';
import { until } from './until.mjs';

const BINARY = resolve(
  process.env.KREIDE_LOADTEST_BIN ?? join(import.meta.dirname, '../../../target/release/loadtest'),
);

/**
 * Starts bots.
 * @param {{url: string, data: string}} server of `startServer`
 * @param {string} scenario a name or a file
 * @param {{seconds: number, role?: string, set?: string[]}} options how long they measure; the role
 *   of who looks on; values of the scenario, `name=value`
 */
export async function startBots(server, scenario, { seconds, role = 'pupil', set = [] }) {
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: run \`make build\` first`);
  const folder = await mkdtemp(join(tmpdir(), 'kreide-e2e-bots-'));
  return new Bots(server, scenario, folder, { seconds, role, set });
}

class Bots {
  #folder;
  #child;
  #ended;
  #forget;
  #said = '';

  constructor(server, scenario, folder, { seconds, role, set }) {
    this.#folder = folder;
    const words = [
      'run', scenario, '--against', server.url, '--data', server.data,
      '--seconds', String(seconds), '--link', this.#file('link'), '--link-role', role,
      '--json', this.#file('report'), '--each', this.#file('each'),
      ...set.flatMap((one) => ['--set', one]),
    ];
    this.#child = spawn(BINARY, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr.on('data', (piece) => (this.#said += piece));
    this.#ended = once(this.#child, 'close');
    this.#forget = whenLeaving(() => {
      this.#child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    });
  }

  #file(name) {
    return join(this.#folder, name);
  }

  #isAlive() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The link of the lesson, once all bots are in it. */
  async link() {
    const there = () => existsSync(this.#file('link')) || !this.#isAlive();
    await until('the bots are in the lesson', there, { within: 30_000, every: 20 });
    if (!this.#isAlive()) throw new Error(`the bots ended: ${this.#said}`);
    return (await readFile(this.#file('link'), 'utf8')).trim();
  }

  /** Tells the bots to begin to measure. */
  async begin() {
    await rm(this.#file('link'));
  }

  /** Whether they have measured and gone. */
  get isOver() {
    return !this.#isAlive();
  }

  /**
   * Waits until they have measured and gone.
   * @returns {Promise<{report: object, each: object[]}>} as loadtest/README.md describes them
   */
  async result() {
    const [code] = await this.#ended;
    if (code !== 0) throw new Error(`the bots failed (${code}): ${this.#said}`);
    const report = JSON.parse(await readFile(this.#file('report'), 'utf8'));
    const lines = (await readFile(this.#file('each'), 'utf8')).trim().split('\n');
    return { report, each: lines.map((line) => JSON.parse(line)) };
  }

  async stop() {
    if (this.#isAlive()) this.#child.kill();
    await this.#ended;
    this.#forget();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
