import { expect, test, vi } from 'vitest';
import type { Acted } from '../../protocol';
import type { Room } from '../../session/model';
import { open, sayDid } from './did';

// Which language is read is asked of the browser.
vi.hoisted(() => {
  vi.stubGlobal('location', { search: '' });
  vi.stubGlobal('navigator', { languages: ['de'] });
});

const acted = (part: Partial<Acted> = {}): Acted => ({
  id: 1,
  by: 1,
  until: 1_000,
  who: 3,
  what: { did: 'muted', source: 'microphone' },
  ...part,
});
const people = [
  { no: 1, name: 'Frau Kern' },
  { no: 2, name: 'Herr Roth' },
  { no: 3, name: 'Mira' },
];
const waiting = [{ no: 9, name: 'Ben' }];
const room = (all: Acted[] = []) => ({ me: 1, people, waiting, acted: all }) as unknown as Room;

test.each<[Partial<Acted>, string]>([
  [{}, 'Mira ist stumm.'],
  [{ by: 2 }, 'Mira ist stumm. (Herr Roth)'],
  [{ who: 9, what: { did: 'sentToLobby' } }, 'Ben ist im Warteraum.'],
  [{ what: { did: 'locked', what: 'chat', locked: true } }, 'Chat: für Mira gesperrt.'],
  [{ what: { did: 'granted', what: 'content', on: false } }, 'Zeigen: für Mira nicht mehr erlaubt.'],
  [{ what: { did: 'letSpeak', on: true } }, 'Mira ist dran.'],
])('%o is said', (part, say) => {
  expect(sayDid(acted(part), room())).toBe(say);
});

test('an act is open until its time is over or its notice is closed', () => {
  const all = room([acted(), acted({ id: 2, until: 500 }), acted({ id: 3 })]);
  expect(open(all, [3], 700).map(({ id }) => id)).toEqual([1]);
});
