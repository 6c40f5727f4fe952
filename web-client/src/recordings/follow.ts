/**
 * The index of a recording that is still being made, asked for again: only what has been added
 * crosses the line. Invariant: an index is never patched together from two that do not agree.
 */
import type { FragmentInfo, RecordingIndex } from '../protocol';
import type { Archive } from './archive';

/** The index as it stands now; throws as the archive does. */
export async function follow(
  archive: Pick<Archive, 'index'>,
  known: RecordingIndex,
  signal?: AbortSignal,
): Promise<RecordingIndex> {
  const { id } = known.recording;
  // The last known fragment comes along: it shows whether both are of the same file.
  const from = Math.max(0, known.fragments.length - 1);
  const grown = join(known, await archive.index(id, signal, from), from);
  return grown ?? archive.index(id, signal);
}

/** The whole index, if the part from fragment `from` on continues the known one; otherwise null. */
function join(known: RecordingIndex, part: RecordingIndex, from: number): RecordingIndex | null {
  if (from === 0) return part;
  const fits =
    part.init === known.init &&
    part.mime === known.mime &&
    same(part.fragments[0], known.fragments[from]);
  return fits ? { ...part, fragments: [...known.fragments.slice(0, from), ...part.fragments] } : null;
}

function same(one: FragmentInfo | undefined, other: FragmentInfo | undefined): boolean {
  if (!one || !other) return false;
  return (
    one.start === other.start &&
    one.offset === other.offset &&
    one.length === other.length &&
    one.keyframe === other.keyframe
  );
}
