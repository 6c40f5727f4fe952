import { expect, test } from 'vitest';
import { isQuiet, toLock, toUnlock } from './quiet';

const chat = { what: 'chat', by: 1 } as const;
const microphone = { what: 'microphone', by: 1 } as const;
const camera = { what: 'camera', by: 1 } as const;

test('quiet locks what is still free', () => {
  expect(toLock([camera])).toEqual(['microphone', 'chat']);
  expect(toLock([chat])).toEqual(['microphone']);
});

test('the second press frees what the first one locked', () => {
  expect(toUnlock([chat, microphone], ['microphone'])).toEqual(['microphone']);
});

test('after a reload all that quiet silences is freed', () => {
  expect(toUnlock([chat, microphone, camera], [])).toEqual(['microphone', 'chat']);
});

test('it is quiet when both are locked', () => {
  expect(isQuiet([chat])).toBe(false);
  expect(isQuiet([chat, microphone])).toBe(true);
});
