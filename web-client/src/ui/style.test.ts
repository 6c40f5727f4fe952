/**
 * The rules of the look that a machine can read: colours stand in tokens.css only, type is in rem,
 * and nothing names a physical side, so that a right-to-left language needs no second style.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '..');

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(svelte|css)$/u.test(name) && !name.endsWith('tokens.css'))
  .map((name) => ({ name, style: styleOf(name, readFileSync(join(SOURCE, name), 'utf8')) }));

function styleOf(name: string, text: string): string {
  const style = name.endsWith('.css') ? text : (/<style>(.*)<\/style>/su.exec(text)?.[1] ?? '');
  return style.replace(/\/\*.*?\*\//gsu, '');
}

test.each([
  ['a raw colour', /#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(/iu],
  ['a font size in px', /font(?:-size)?:[^;]*\dpx/u],
  ['a physical side', /(?:^|[\s{;-])(?:left|right|top|bottom)\s*:|text-align:\s*(?:left|right)/u],
  ['a physical size', /(?:^|[\s{;])(?:min-|max-)?(?:width|height)\s*:/u],
  ['a motion of anything but transform and opacity', /transition:(?!\s*(?:transform|opacity|rotate)\b)/u],
  ['capitals by style', /text-transform:\s*uppercase/u],
])('no component has %s', (_, pattern) => {
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter(({ style }) => pattern.test(style)).map(({ name }) => name)).toEqual([]);
});
