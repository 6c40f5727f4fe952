import { expect, test } from 'vitest';
import { merge } from './looking';

test('a source in two places is wished for once, at its larger size and priority', () => {
  const camera = { participant: 2, kind: 'camera' } as const;
  const content = { participant: 1, kind: 'content' } as const;
  expect(
    merge(
      [
        { source: camera, priority: 10, height: 100 },
        { source: content, priority: 30, height: 400 },
        { source: camera, priority: 20, height: 50 },
      ],
      2,
    ),
  ).toEqual([
    { participant: 1, kind: 'content', height: 800, priority: 30 },
    { participant: 2, kind: 'camera', height: 200, priority: 20 },
  ]);
});
