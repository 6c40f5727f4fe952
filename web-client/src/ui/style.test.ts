/**
 * The rules of the look that a machine can read: colours stand in tokens.css only, type is in rem,
 * nothing names a physical side, so that a right-to-left language needs no second style, and no
 * word stands outside the catalogue. The development page `view/dev` may have words of its own.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'svelte/compiler';
import { expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '..');

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(svelte|css)$/u.test(name) && !name.endsWith('tokens.css'))
  .map((name) => ({ name, style: styleOf(name, readFileSync(join(SOURCE, name), 'utf8')) }));

function styleOf(name: string, text: string): string {
  const style = name.endsWith('.css') ? text : (/<style>(.*)<\/style>/su.exec(text)?.[1] ?? '');
  // Names of tokens may be names of colours; comments are no style.
  return style.replace(/\/\*.*?\*\//gsu, '').replace(/var\([^)]*\)/gu, '');
}

test.each([
  ['a raw colour', /#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|hwb|lab|lch|oklab|oklch|color)a?\(/iu],
  [
    'a colour by name',
    /(?:color|background|border|outline|fill|stroke|shadow)[\w-]*:[^;]*\b(?:white|black|gr[ae]y|silver|red|green|blue|yellow|orange|teal|purple|pink|brown|navy)\b(?!-)/iu,
  ],
  ['a font size in px', /font(?:-size)?:[^;]*\dpx/u],
  ['a physical side', /(?:^|[\s{;-])(?:left|right|top|bottom)\s*:|text-align:\s*(?:left|right)/u],
  ['a physical size', /(?:^|[\s{;])(?:min-|max-)?(?:width|height)\s*:/u],
  ['a motion of anything but transform and opacity', /transition:(?!\s*(?:transform|opacity|rotate)\b)/u],
  ['capitals by style', /text-transform:\s*uppercase/u],
])('no component has %s', (_, pattern) => {
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter(({ style }) => pattern.test(style)).map(({ name }) => name)).toEqual([]);
});

/** Attributes whose value a person reads or hears. */
const READ = /^(?:aria-label|aria-description|aria-roledescription|alt|title|placeholder|label|say|text|tip|word|name|hint|next)$/u;

interface Node {
  type: string;
  name?: string;
  data?: string;
  value?: unknown;
}

/** Words that stand in the markup itself: texts and read attributes with a letter in them. */
function literals(node: unknown, found: string[] = []): string[] {
  if (Array.isArray(node)) {
    for (const one of node) literals(one, found);
    return found;
  }
  if (typeof node !== 'object' || node === null) return found;
  const { type, name, data, value } = node as Node;
  if (type === 'Text' && data !== undefined && /\p{L}/u.test(data)) found.push(data.trim());
  // Sizes that are computed are no words.
  if (type === 'StyleDirective') return found;
  if (type === 'Attribute') {
    // The name of a form's field is for the browser, not for people.
    return name !== undefined && READ.test(name) && !/^[a-z]+$/u.test(textOf(value))
      ? literals(value, found)
      : found;
  }
  for (const part of Object.values(node)) literals(part, found);
  return found;
}

function textOf(value: unknown): string {
  const parts = Array.isArray(value) ? (value as Node[]) : [];
  return parts.length === 1 ? (parts[0]?.data ?? '') : '';
}

const markups = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.svelte') && !/[/\\]dev[/\\]/u.test(name))
  .map((name) => ({ name, text: readFileSync(join(SOURCE, name), 'utf8') }));

test('no word stands outside the catalogue', () => {
  expect(literals(parse('<p title="Too soon">Words {x}</p>', { modern: true }).fragment)).toEqual([
    'Too soon',
    'Words',
  ]);
  const found = markups.flatMap(({ name, text }) =>
    literals(parse(text, { modern: true }).fragment).map((words) => `${name}: ${words}`),
  );
  expect(found).toEqual([]);
});

test('no style in the markup names a physical side or a colour', () => {
  const found = markups.filter(({ text }) =>
    /style:(?:left|right|top|bottom|width|height|color|background)|style="[^"]*(?:#|rgb|left|right|px;)/u.test(
      text,
    ),
  );
  expect(found.map(({ name }) => name)).toEqual([]);
});
