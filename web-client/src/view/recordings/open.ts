/** Ways from a list to a recording. */
import type { Archive } from '../../recordings/archive';

/** Opens the player in a new tab; inside the click, or the browser holds it back. */
export function openPlayer(id: string, access: string): void {
  window.open(`/r#${id}.${access}`, '_blank', 'noopener');
}

/** Saves the whole file. Throws `Failed`. */
export async function save(archive: Archive, id: string): Promise<void> {
  const link = document.createElement('a');
  link.href = await archive.ticket(id);
  // A refusal is then a failed download, never a page in place of this one.
  link.download = '';
  link.click();
}
