import { describe, expect, test } from 'vitest';
import { cells, galleryColumns, grid, pageOf, split, type Box } from './grid';

const WIDE: Box = { width: 1334, height: 530 };
const TABLET: Box = { width: 778, height: 850 };
const PHONE: Box = { width: 344, height: 436 };

describe('gallery', () => {
  test.each([
    [1, [1, 1, 1]],
    [2, [2, 1, 1]],
    [4, [2, 2, 2]],
    [9, [3, 3, 3]],
    [16, [4, 4, 3]],
    [30, [6, 5, 3]],
  ])('%i people stand in the columns of the look', (count, columns) => {
    expect([WIDE, TABLET, PHONE].map((box) => galleryColumns(count, box.width))).toEqual(columns);
  });

  test.each([WIDE, TABLET, PHONE])('no tile leaves the box %j', (box) => {
    for (let count = 1; count <= 40; count += 1) {
      const { columns, tile, capacity } = grid(count, galleryColumns(count, box.width), box);
      const rows = Math.ceil(Math.min(count, capacity) / columns);
      expect(columns * tile.width + (columns - 1) * 8).toBeLessThanOrEqual(box.width);
      expect(rows * tile.height + (rows - 1) * 8).toBeLessThanOrEqual(box.height);
      expect(tile.width / tile.height).toBeCloseTo(16 / 9, 1);
    }
  });

  test('thirty fit on a notebook and get pages on a phone', () => {
    expect(grid(30, 6, WIDE).capacity).toBe(30);
    expect(grid(30, 3, PHONE).capacity).toBeLessThan(30);
  });
});

test('a strip too low for three tiles makes them smaller, never taller than itself', () => {
  const { tile, capacity } = grid(20, 1, { width: 196, height: 276 }, Infinity);
  expect(capacity).toBe(3);
  expect(3 * tile.height + 2 * 8).toBeLessThanOrEqual(276);
});

test('pages follow each other without end and keep the order', () => {
  const people = [1, 2, 3, 4, 5];
  // One of three places is the button.
  expect(pageOf(people, 3, 0)).toEqual([1, 2]);
  expect(pageOf(people, 3, 2)).toEqual([5]);
  expect(pageOf(people, 3, 3)).toEqual([1, 2]);
  expect(pageOf(people, 3, -1)).toEqual([5]);
  expect(pageOf(people, 3, -4)).toEqual([5]);
  expect(pageOf(people, 5, 7)).toEqual(people);
  // The last one stays.
  expect(pageOf(people, 4, 0, 1)).toEqual([1, 2, 5]);
  expect(pageOf(people, 4, 1, 1)).toEqual([3, 4, 5]);
});

test('a box smaller than a cell still shows one', () => {
  expect(cells({ width: 10, height: 10 }, { width: 100, height: 44 }).capacity).toBe(1);
});

test.each([WIDE, TABLET, PHONE, { width: 724, height: 276 }])(
  'the large thing and the others share the stage %j',
  (stage) => {
    const { side, main, rest } = split(stage);
    expect(main.width / main.height).toBeCloseTo(16 / 9, 1);
    const along = side ? main.width + 8 + rest.width : main.height + 8 + rest.height;
    expect(along).toBeLessThanOrEqual(side ? stage.width : stage.height);
    expect(Math.min(rest.width, rest.height)).toBeGreaterThan(60);
  },
);

test.each([
  [{ width: 1334, height: 520 }, 2, 1],
  [{ width: 1334, height: 520 }, 2, 2],
  [{ width: 794, height: 860 }, 1, 2],
  [{ width: 344, height: 520 }, 1, 2],
])('large ones on the stage %j, %i beside each other in %i rows, are 16:9', (stage, columns, rows) => {
  const { side, main, rest } = split(stage, columns, rows);
  expect(main.width / columns / (main.height / rows)).toBeCloseTo(16 / 9, 1);
  const along = side ? main.width + 8 + rest.width : main.height + 8 + rest.height;
  expect(along).toBeLessThanOrEqual(side ? stage.width : stage.height);
});
