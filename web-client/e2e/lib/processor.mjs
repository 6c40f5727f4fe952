/**
 * What the processes of a browser cost, as the kernel counts it.
 *
 * Owns: seconds of processor time, and seconds in which threads could have run but had no
 * processor. Leaves out: other machines; this is Linux's /proc.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** The kernel's unit of /proc/PID/stat on all its machines. */
const TICKS = 100;

/** The process of a browser that Playwright started. */
export async function processOf(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.find(({ type }) => type === 'browser').id;
}

/**
 * Of a process and all its descendants, since they began.
 * @returns {{running: number, waiting: number, processes: number}} seconds
 */
export function spent(pid) {
  const family = descendants(pid);
  const sums = { running: 0, waiting: 0, processes: family.length };
  for (const member of family) {
    // Who ended in between is left out.
    const stat = read(`/proc/${member}/stat`);
    if (!stat) continue;
    // After the name, which may hold anything: state, parent, ..; time is the 14th and 15th word.
    const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    sums.running += (Number(words[11]) + Number(words[12])) / TICKS;
    for (const thread of list(`/proc/${member}/task`)) {
      const schedule = read(`/proc/${member}/task/${thread}/schedstat`);
      sums.waiting += Number(schedule?.split(' ')[1] ?? 0) / 1e9;
    }
  }
  return sums;
}

/** How many cores were used, and waited for, between two answers of `spent`. */
export function cores(before, after, seconds) {
  return {
    running: (after.running - before.running) / seconds,
    waiting: Math.max(0, after.waiting - before.waiting) / seconds,
  };
}

function descendants(pid) {
  const parents = new Map();
  for (const name of list('/proc')) {
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : null;
    if (stat) parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const found = [pid];
  for (const member of found) {
    for (const [child, parent] of parents) if (parent === member) found.push(child);
  }
  return found;
}

function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
