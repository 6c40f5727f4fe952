import { expect, test } from 'vitest';
import { pieces } from './links';

test.each([
  ['nur Text', ['nur Text']],
  ['siehe https://a.de/b.', ['siehe ', '<https://a.de/b>', '.']],
  ['(http://a.de) und https://b.de', ['(', '<http://a.de/>', ') und ', '<https://b.de/>']],
  ['javascript:alert(1)', ['javascript:alert(1)']],
  ['https://', ['https://']],
  ['<b>https://a.de</b>', ['<b>', '<https://a.de/>', '</b>']],
])('%s', (message, expected) => {
  expect(pieces(message).map(({ text, href }) => (href ? `<${href}>` : text))).toEqual(expected);
  expect(pieces(message).map(({ text }) => text).join('')).toBe(message);
});
