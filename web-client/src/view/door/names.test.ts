import { expect, test } from 'vitest';
import { found } from './names';

const all = ['Änne Groß', 'Max Anders', 'Maximilian-Alexander Öz'].map((name, id) => ({
  id: String(id),
  name,
}));

test.each([
  ['', 3],
  ['  ', 3],
  ['anne', 1],
  ['gross', 1],
  ['an', 2],
  ['max', 2],
  ['oz max', 1],
  ['alex', 1],
  ['nders', 0],
])('%j finds %i', (text, count) => {
  expect(found(all, text)).toHaveLength(count);
});
