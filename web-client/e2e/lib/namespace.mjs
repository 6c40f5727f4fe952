/**
 * A network of its own for a test file.
 *
 * Firefox refuses a server that is reachable at 127.0.0.1 only, and test traffic must not touch
 * the machine's addresses. So the file is run a second time inside a network namespace that has
 * one address of its own and a default route (without the route Firefox gathers no candidates).
 * Making one needs root; without it the file is skipped and says so.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { whenLeaving } from './leaving.mjs';

const MARK = 'KREIDE_E2E_NAMESPACE';
const SECONDS = 240;

/**
 * Runs `tests` in a namespace: outside it starts this file again, inside it defines the tests.
 * @param {string} file `import.meta.filename` of the caller
 * @param {() => void} tests defines them
 */
export function inNamespace(file, tests) {
  if (process.env[MARK]) {
    tests();
    return;
  }
  const skip = process.getuid() === 0 ? false : 'needs root to make a network namespace';
  test('in a network namespace of its own', { skip }, async (context) => {
    const name = `kreide-e2e-${process.pid}`;
    make(name);
    const forget = whenLeaving(() => ip('netns', 'delete', name));
    try {
      const environment = { ...process.env, [MARK]: name };
      delete environment.NODE_TEST_CONTEXT;
      const child = spawn(
        'ip',
        ['netns', 'exec', name, process.execPath, '--test-reporter=spec', file],
        { env: environment, stdio: ['ignore', 'pipe', 'pipe'] },
      );
      const stay = whenLeaving(() => child.kill());
      const words = [];
      child.stdout.on('data', (piece) => words.push(piece));
      child.stderr.on('data', (piece) => words.push(piece));
      const late = setTimeout(() => child.kill(), SECONDS * 1000);
      const [code] = await once(child, 'close');
      clearTimeout(late);
      stay();
      const said = Buffer.concat(words).toString();
      if (code === 0) for (const line of said.split('\n')) if (line) context.diagnostic(line);
      assert.equal(code, 0, `the run inside the namespace failed:\n${said}`);
    } finally {
      forget();
      ip('netns', 'delete', name);
    }
  });
}

function make(name) {
  removeForgotten();
  ip('netns', 'add', name);
  try {
    const inside = (...words) => ip('-n', name, ...words);
    inside('link', 'set', 'lo', 'up');
    inside('link', 'add', 'school', 'type', 'veth', 'peer', 'name', 'street');
    inside('address', 'add', '10.77.1.1/24', 'dev', 'school');
    inside('link', 'set', 'school', 'up');
    inside('link', 'set', 'street', 'up');
    inside('route', 'add', 'default', 'via', '10.77.1.2', 'dev', 'school');
  } catch (error) {
    ip('netns', 'delete', name);
    throw error;
  }
}

/** Removes what runs left behind that were killed the hard way. */
function removeForgotten() {
  for (const [name, pid] of ip('netns', 'list').matchAll(/^kreide-e2e-(\d+)/gm)) {
    if (!existsSync(`/proc/${pid}`)) ip('netns', 'delete', name);
  }
}

function ip(...words) {
  return execFileSync('ip', words, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}
