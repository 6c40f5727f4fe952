/** What every text must keep to, whoever writes the next one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { common, de } from './de';
import { deFormal } from './de-formal';
import { en } from './en';
import { lengthen, pseudo } from './pseudo';
import { classroom as classroomDe } from './classroom/de';
import { classroom as classroomEn } from './classroom/en';
import { toolbox as toolboxDe } from './tools/de';
import { toolbox as toolboxEn } from './tools/en';

/** Every text below a value, with the path to it; functions are called with samples. */
function texts(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') {
    const say = value as (...args: unknown[]) => unknown;
    return [1, 2].flatMap((sample) => texts(say(sample, sample, sample), path));
  }
  return Object.entries(value as object).flatMap(([key, part]) => texts(part, `${path}.${key}`));
}

const ALL = Object.entries({ en, de, deFormal, pseudo, toolboxEn, toolboxDe, classroomEn, classroomDe }).flatMap(([name, words]) =>
  texts(words, name),
);

/** What index.html says itself, by language: which state it belongs to, and the words. */
const page = (language: string): [string, string][] => {
  const html = readFileSync(join(import.meta.dirname, '..', '..', '..', 'index.html'), 'utf8');
  const said = html.matchAll(/<(?:h1|p|button) lang="(\w+)"(?: data-now="([\w ]+)")?[^>]*>([^<]+)</gu);
  return [...said].flatMap(([, lang, now = 'noscript', words = '']) => (lang === language ? [[now, words]] : []));
};

test('the page says the same in both languages before there is a client, and by the same rules', () => {
  const [german, english] = [page('de'), page('en')];
  expect(german.length).toBe(10);
  expect(english.map(([now]) => now)).toEqual(german.map(([now]) => now));
  expect([...german, ...english].filter(([, words]) => words.includes('!'))).toEqual([]);
  expect(german.filter(([, words]) => /\b(du|dein\w*|dich|dir|Sie|Ihr\w*|Ihnen|Server)\b/u.test(words))).toEqual([]);
});

test('no text is empty, shouts, or uses a word of the machine room', () => {
  const bad = ALL.filter(
    ([, text]) =>
      text.trim() === '' ||
      text.includes('!') ||
      /\b(ups|websocket|ice|token|server|melden|später)\b/iu.test(text),
  );
  expect(bad).toEqual([]);
});

test('texts for all roles do not address the reader in German', () => {
  const bad = [common, toolboxDe, classroomDe].flatMap((words) => texts(words)).filter(([, text]) =>
    /\b(du|dein\w*|dich|dir|Sie|Ihr\w*|Ihnen)\b/u.test(text),
  );
  expect(bad).toEqual([]);
});

test('pupils read du, adults read Sie', () => {
  for (const key of ['nameHint', 'hearFirst', 'previewHint', 'recordAsk', 'pickedYou', 'focusYou'] as const) {
    expect(de[key]).toMatch(/\b(du|dich|dein)\b/iu);
    expect(deFormal[key]).toMatch(/\bSie\b/u);
  }
});

test('no button says only OK, Ja or Nein', () => {
  // Yes and no are what a poll asks for.
  const buttons = ALL.filter(([path]) => !/^toolbox..\.poll\.choices\./.test(path));
  const bad = buttons.filter(([, text]) =>
    /^(?:ok|okay|ja|nein|yes|no|abbrechen|cancel)\W*$/iu.test(text),
  );
  expect(bad).toEqual([]);
});

test('the name of the main button is fixed', () => {
  expect([de.join, deFormal.join, en.join]).toEqual(['Beitreten', 'Beitreten', 'Join']);
});

test('buttons have at most three words', () => {
  for (const words of [de, en]) {
    for (const { button } of Object.values(words.failures)) {
      expect((button ?? '').split(' ').length).toBeLessThanOrEqual(3);
    }
  }
});

test('pseudo is at least 40 % longer', () => {
  for (const text of ['Join', 'Microphone', 'This link has run out.']) {
    expect(lengthen(text).length).toBeGreaterThanOrEqual(Math.floor(text.length * 1.4));
  }
});
