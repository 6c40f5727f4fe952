import { expect, test, vi } from 'vitest';
import type { Room } from '../../session/model';
import { Announcer } from './announcer.svelte';

// Which language is read is asked of the browser.
vi.hoisted(() => {
  vi.stubGlobal('location', { search: '' });
  vi.stubGlobal('navigator', { languages: ['de'] });
});

const people = [
  { no: 1, name: 'Frau Kern' },
  { no: 2, name: 'Mira' },
];
const soon = { id: 'r1', by: 1, running: false, since: 5000 };
const room = (recording: Room['recording'], more: Partial<Room> = {}) =>
  ({ me: 2, people, recorded: [], asked: false, recording, ...more }) as unknown as Room;

function announcer() {
  const sounds: string[] = [];
  const announcer = new Announcer((sound) => sounds.push(sound));
  return { announcer, sounds };
}

test('a room without a recording says nothing', () => {
  const { announcer: it, sounds } = announcer();
  it.see(room(null), 0);
  expect([it.said, ...sounds]).toEqual(['']);
});

test('it is announced by words and one sound before it begins, with where one stands', () => {
  const { announcer: it, sounds } = announcer();
  it.see(room(soon, { asked: true }), 0);
  expect(it.said).toMatch(/Frau Kern.*5.*\?$/u);
  const said = it.said;
  it.see(room(soon, { asked: true }), 3000);
  expect(it.said).toBe(said);
  it.see(room({ ...soon, running: true }), 5000);
  expect(it.said).not.toBe(said);
  it.see(room(null), 9000);
  expect(it.said).not.toBe('');
  expect(sounds).toEqual(['recording']);
});

test('whoever comes later hears it too, and of the next one again', () => {
  const { announcer: it, sounds } = announcer();
  it.see(room({ ...soon, running: true }), 9000);
  expect(it.said).not.toBe('');
  it.see(room({ ...soon, id: 'r2' }), 20_000);
  expect(sounds).toEqual(['recording', 'recording']);
});
