/**
 * Which pieces of a recording a player needs next. Pure: fragments and a position in, numbers out.
 * Times are in seconds, as players count; those of the index are in milliseconds.
 */
import type { FragmentInfo } from '../protocol';

/** Seconds that are kept ready ahead of the position. */
export const AHEAD = 30;
/** Seconds that are kept behind it. */
export const BEHIND = 30;
/** Bytes that are asked for at once, at most, beyond the first fragment. */
const PORTION = 512 * 1024;

/** One continuous piece that was taken: it begins at `from` and ends before fragment `next`. */
export interface Run {
  from: number;
  next: number;
}

/** Bytes to fetch: fragments `first` up to but not including `next`. */
export interface Portion {
  next: number;
  offset: number;
  length: number;
}

/** The fragment at which decoding begins to show the position: the last one with a keyframe. */
export function entry(fragments: readonly FragmentInfo[], position: number): number {
  let found = 0;
  for (const [index, { start, keyframe }] of fragments.entries()) {
    if (start > position * 1000) break;
    if (keyframe) found = index;
  }
  return found;
}

/** Whether a run leads to the position sooner than a new one would. */
export function leads(run: Run, fragments: readonly FragmentInfo[], position: number): boolean {
  return position >= run.from && entry(fragments, position) <= run.next;
}

/** A run that shows the position and has taken nothing yet. */
export function runTo(fragments: readonly FragmentInfo[], position: number): Run {
  const next = entry(fragments, position);
  return { from: (fragments[next]?.start ?? 0) / 1000, next };
}

/**
 * What the run takes next; null while enough is ready or nothing more is there. Neighbours are
 * taken together: on a slow line every question costs as much as a second of picture.
 */
export function portion(
  { next }: Run,
  fragments: readonly FragmentInfo[],
  position: number,
  ahead = AHEAD,
): Portion | null {
  const first = fragments[next];
  if (!first || first.start > (position + ahead) * 1000) return null;
  let { length } = first;
  let end = next + 1;
  for (let more = fragments[end]; more; more = fragments[end]) {
    if (more.start > (position + ahead) * 1000 || length + more.length > PORTION) break;
    if (more.offset !== first.offset + length) break;
    length += more.length;
    end += 1;
  }
  return { next: end, offset: first.offset, length };
}

/**
 * Up to where what was played can be forgotten; null if it is not worth it. Always a place where
 * decoding begins: a browser takes pictures away up to the next keyframe, and whoever went back to
 * before that one would hear sound without a picture.
 */
export function forget(
  run: Run,
  fragments: readonly FragmentInfo[],
  position: number,
  behind = BEHIND,
): number | null {
  const { from } = runTo(fragments, position - behind);
  return from - run.from > behind / 6 ? from : null;
}
