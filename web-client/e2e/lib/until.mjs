/**
 * Waiting. Every wait of the suite is for a condition with a deadline; nothing sleeps and hopes.
 */
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Asks `condition` until it gives something truthy, and returns that.
 * @param {string} what completes "waited in vain until ..."
 * @param {() => unknown} condition may be async; an error it throws counts as "not yet"
 * @param {{within?: number, every?: number}} [limits] milliseconds
 */
export async function until(what, condition, { within = 10_000, every = 100 } = {}) {
  const deadline = performance.now() + within;
  let last;
  for (;;) {
    try {
      last = await condition();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      const seen = last instanceof Error ? last.stack : JSON.stringify(last);
      throw new Error(`waited ${within} ms in vain until ${what}; last seen: ${seen}`);
    }
    await pause(every);
  }
}

/**
 * Holds a condition for a stretch of time: fails as soon as `check` throws.
 * @param {number} milliseconds
 * @param {() => unknown} check
 */
export async function during(milliseconds, check, every = 250) {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    await check();
    await pause(every);
  }
  await check();
}
