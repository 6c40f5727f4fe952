/**
 * How many tiles stand in a row, how large they are, and how many fit.
 * Invariant: tiles are 16:9 and never leave the box; order is not decided here.
 */

/** A place on the screen in CSS pixels. */
export interface Box {
  width: number;
  height: number;
}

/** A grid of tiles. Sizes in CSS pixels. */
export interface Grid {
  columns: number;
  tile: Box;
  /** Tiles that can be seen at once. */
  capacity: number;
}

/** Space between tiles in CSS pixels. */
export const GAP = 8;

/** Tiles get pages before they become narrower than this, in CSS pixels. */
const NARROWEST = 92;

/** A page shows someone, oneself, and the button that turns it. */
const LEAST_PLACES = 3;

/** Width of the strip beside the large thing in CSS pixels. */
const STRIP = { least: 132, most: 400 } as const;

const RATIO = 16 / 9;

/** Columns of a gallery by the number of tiles and the width of its box. */
export function galleryColumns(count: number, width: number): number {
  const [wide, tablet, phone] =
    count <= 1
      ? [1, 1, 1]
      : count <= 2
        ? [2, 1, 1]
        : count <= 4
          ? [2, 2, 2]
          : count <= 9
            ? [3, 3, 3]
            : count <= 16
              ? [4, 4, 3]
              : [6, 5, 3];
  if (width >= 900) return wide;
  return width >= 580 ? tablet : phone;
}

/**
 * The largest tiles with which `count` of them fit into `box`, or pages of them if they would
 * have to be narrower than `narrowest`.
 */
export function grid(count: number, columns: number, box: Box, narrowest = NARROWEST): Grid {
  const columnWidth = (box.width - GAP * (columns - 1)) / columns;
  const rows = Math.max(1, Math.ceil(count / columns));
  const rowHeight = (box.height - GAP * (rows - 1)) / rows;
  const fitting = Math.min(columnWidth, rowHeight * RATIO);
  if (fitting >= Math.min(narrowest, columnWidth)) {
    return { columns, tile: tile(fitting), capacity: rows * columns };
  }
  const full = columnWidth / RATIO;
  const shown = Math.max(
    Math.ceil(LEAST_PLACES / columns),
    Math.floor((box.height + GAP) / (full + GAP)),
  );
  const height = (box.height - GAP * (shown - 1)) / shown;
  return {
    columns,
    tile: tile(Math.min(columnWidth, height * RATIO)),
    capacity: shown * columns,
  };
}

/** How many cells of a given least size fit into `box`. */
export function cells(box: Box, least: Box): { columns: number; capacity: number } {
  const columns = Math.max(1, Math.floor((box.width + GAP) / (least.width + GAP)));
  const rows = Math.max(1, Math.floor((box.height + GAP) / (least.height + GAP)));
  return { columns, capacity: columns * rows };
}

/**
 * What of `all` stands in `capacity` places on page `page` (counted on without end, also below
 * 0). If not all fit, one place is kept for the buttons that turn the page, and the last `kept`
 * of them stand on every page.
 */
export function pageOf<T>(all: T[], capacity: number, page: number, kept = 0): T[] {
  if (all.length <= capacity) return all;
  const turning = all.slice(0, all.length - kept);
  const each = Math.max(1, capacity - 1 - kept);
  const pages = Math.ceil(turning.length / each);
  const first = (((page % pages) + pages) % pages) * each;
  return [...turning.slice(first, first + each), ...all.slice(all.length - kept)];
}

/** Where the large thing and the others stand in the stage. */
export interface Split {
  /** The others stand beside it, not below. */
  side: boolean;
  main: Box;
  rest: Box;
}

/** A stage narrower than this is a phone's, also while a message makes it short: nothing jumps. */
const SIDE_FROM = 480;

/**
 * Divides the stage between the large things, 16:9 and never cropped, and the others. Of the large
 * ones `columns` stand beside each other in each of `rows`.
 */
export function split(stage: Box, columns = 1, rows = 1): Split {
  const ratio = (RATIO * columns) / rows;
  if (stage.width >= SIDE_FROM && stage.width > stage.height * 1.15) {
    const beside = stage.width - stage.height * ratio - GAP;
    const strip = Math.floor(Math.min(Math.max(beside, STRIP.least), STRIP.most));
    const width = Math.min(stage.width - strip - GAP, stage.height * ratio);
    return { side: true, main: tile(width, ratio), rest: { width: strip, height: stage.height } };
  }
  const main = tile(Math.min(stage.width, stage.height * 0.6 * ratio), ratio);
  const height = Math.max(0, stage.height - main.height - GAP);
  return { side: false, main, rest: { width: stage.width, height } };
}

function tile(width: number, ratio = RATIO): Box {
  const whole = Math.max(0, Math.floor(width));
  return { width: whole, height: Math.floor(whole / ratio) };
}
