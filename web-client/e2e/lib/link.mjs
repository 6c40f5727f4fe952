/**
 * A bad network for browsers: the emulator `link` (loadtest/link), and this process a second time
 * inside its side a, where drivers reach their browsers by the loopback address.
 *
 * Side a is the school or home; the server and who is well connected run in side b. Needs root.
 * Leaves out: what is judged.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { forward } from './forward.mjs';
import { whenLeaving } from './leaving.mjs';

const MARK = 'KREIDE_E2E_LINK';
const TARGET = join(import.meta.dirname, '../../../target');

/** The emulator: that of the environment, else the newer of a release and a development build. */
function emulator() {
  if (process.env.KREIDE_LINK_BIN) return resolve(process.env.KREIDE_LINK_BIN);
  const builds = ['release', 'debug'].map((kind) => resolve(TARGET, kind, 'link'));
  const found = builds.filter((path) => existsSync(path));
  if (found.length === 0) throw new Error('link is missing: run `cargo build --package kreide-link` first');
  const age = (path) => statSync(path).mtimeMs;
  return found.reduce((one, other) => (age(other) > age(one) ? other : one));
}

/**
 * Starts a link.
 * @param {{profile: string, seed?: number, set?: object}} conditions a name of `link profiles`;
 *   `set` changes it, as an order does
 */
export async function startLink({ profile, seed = 1, set = {} }) {
  const flags = ['--seed', String(seed), '--set', JSON.stringify(set)];
  const child = spawn(emulator(), ['up', profile, ...flags], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const link = new Link(child);
  await link.opened();
  return link;
}

class Link {
  #child;
  #waiting = [];
  #ended;

  constructor(child) {
    this.#child = child;
    this.#ended = once(child, 'close');
    // It removes what it made when its input ends, which it does with this process.
    createInterface({ input: child.stdout }).on('line', (line) =>
      this.#waiting.shift()?.done(JSON.parse(line)),
    );
    child.stdin.on('error', () => {});
    child.once('close', (code) => {
      for (const { failed } of this.#waiting.splice(0)) failed(new Error(`link ended (${code})`));
    });
  }

  /** Waits until the namespaces are there. */
  async opened() {
    const { link } = await this.#answer();
    this.a = link.a;
    this.b = link.b;
  }

  /**
   * Gives an order: `{set: ..}`, `{profile: ..}` or `'counters'`.
   * @returns {Promise<object>} the answer; an error of the link is thrown
   */
  async order(words) {
    const answer = this.#answer();
    this.#child.stdin.write(`${JSON.stringify(words)}\n`);
    const said = await answer;
    if (said.error) throw new Error(said.error);
    return said;
  }

  /** Ends the link and all that runs in its namespaces. */
  async stop() {
    const counters = this.#answer();
    this.#child.stdin.end();
    await this.#ended;
    return counters;
  }

  #answer() {
    return new Promise((done, failed) => this.#waiting.push({ done, failed }));
  }
}

/**
 * Runs a program of this folder inside side a of a link. There `insideLink()` gives the link, and
 * the server of `startServer` runs in side b.
 * @param {Link} link
 * @param {string} file
 * @param {string[]} words its arguments
 * @returns {Promise<number>} its exit code
 */
export async function runInside(link, file, words) {
  const folder = mkdtempSync(join(tmpdir(), 'kreide-e2e-link-'));
  const forget = whenLeaving(() => rmSync(folder, { recursive: true, force: true }));
  const wrap = (name, program) => {
    const path = join(folder, name);
    const script = `#!/bin/sh\nexec ip netns exec ${link.b.namespace} '${program}' "$@"\n`;
    writeFileSync(path, script, { mode: 0o700 });
    return path;
  };
  const chromium = wrap('chromium', process.env.CHROMIUM ?? '/usr/bin/chromium');
  const environment = {
    ...process.env,
    [MARK]: JSON.stringify({ a: link.a, b: link.b, chromium }),
    KREIDE_BIN: wrap('kreide', resolve(process.env.KREIDE_BIN ?? join(TARGET, 'release/kreide'))),
  };
  try {
    const inside = spawn(
      'ip',
      ['netns', 'exec', link.a.namespace, process.execPath, file, ...words],
      { env: environment, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    );
    inside.on('message', async ({ number, words: order }) => {
      const answer = await link.order(order).catch((error) => ({ error: error.message }));
      if (inside.connected) inside.send({ number, answer });
    });
    const [code] = await once(inside, 'exit');
    return code ?? 1;
  } finally {
    forget();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The link in which this process runs, or null. */
export function insideLink() {
  const described = process.env[MARK];
  return described ? new Inside(JSON.parse(described)) : null;
}

class Inside {
  #number = 0;

  constructor({ a, b, chromium }) {
    this.a = a;
    this.b = b;
    /** Starts Chromium in side b: `process.env.CHROMIUM` for it. */
    this.chromium = chromium;
  }

  /** As `Link.order`. */
  async order(words) {
    this.#number += 1;
    const number = this.#number;
    const answer = await new Promise((done) => {
      const listen = (message) => {
        if (message.number !== number) return;
        process.off('message', listen);
        done(message.answer);
      };
      process.on('message', listen);
      process.send({ number, words });
    });
    if (answer.error) throw new Error(answer.error);
    return answer;
  }

  /** Makes a TCP port of side b's loopback address reachable at side a's, over the link. */
  async bridge(port) {
    const { address, namespace } = this.b;
    const file = join(import.meta.dirname, 'forward.mjs');
    const far = spawn(
      'ip',
      ['netns', 'exec', namespace, process.execPath, file, `${address}:${port}`, `127.0.0.1:${port}`],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const forget = whenLeaving(() => far.kill());
    const [said] = await once(far.stdout, 'data');
    assert.equal(String(said).trim(), 'ready');
    const near = await forward(
      { host: '127.0.0.1', port },
      { host: address, port },
    );
    return {
      stop() {
        near.close();
        far.kill();
        forget();
      },
    };
  }
}
