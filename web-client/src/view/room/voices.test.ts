import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Voices } from './voices.svelte';

const ME = 1;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a ring stays for 600 ms after a short sound, then goes by itself', () => {
  const voices = new Voices();
  voices.hear([2], ME, performance.now());
  vi.advanceTimersByTime(100);
  voices.hear([], ME, performance.now());
  expect([...voices.ringing]).toEqual([2]);
  vi.advanceTimersByTime(499);
  expect([...voices.ringing]).toEqual([2]);
  vi.advanceTimersByTime(2);
  expect([...voices.ringing]).toEqual([]);
});

test('who has spoken long loses the ring at once', () => {
  const voices = new Voices();
  voices.hear([2], ME, performance.now());
  vi.advanceTimersByTime(5000);
  voices.hear([], ME, performance.now());
  expect([...voices.ringing]).toEqual([]);
});

test('the large place is kept while its owner speaks, and never is one of oneself', () => {
  const voices = new Voices();
  voices.hear([ME], ME, 0);
  expect(voices.spoke).toBeNull();
  voices.hear([2], ME, 0);
  voices.hear([3, 2], ME, 0);
  expect(voices.spoke).toBe(2);
  voices.hear([3], ME, 0);
  expect(voices.spoke).toBe(3);
  voices.hear([], ME, 0);
  expect(voices.spoke).toBe(3);
  voices.stop();
});
