/** Finding somebody in a list of names, however it is written. */
import type { Choice } from '../../protocol';

/** Those whose name has a part that begins with each word of `text`; accents do not matter. */
export function found(choose: readonly Choice[], text: string): readonly Choice[] {
  const words = plain(text).split(/\s+/u).filter((word) => word !== '');
  if (words.length === 0) return choose;
  return choose.filter(({ name }) => {
    const parts = plain(name).split(/[\s-]+/u);
    return words.every((word) => parts.some((part) => part.startsWith(word)));
  });
}

function plain(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLocaleLowerCase()
    .replace(/ß/gu, 'ss');
}
