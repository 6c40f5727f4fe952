/**
 * A made-up language for tests: every text is accented and 40 % longer, so that clipped labels,
 * fixed widths and literals outside the catalogue show themselves on a screenshot.
 */
import { en, type Words } from './en';

const ACCENTED: Record<string, string> = {
  a: 'á', e: 'é', i: 'í', o: 'ó', u: 'ú', A: 'Á', E: 'É', I: 'Í', O: 'Ó', U: 'Ú', n: 'ñ', c: 'ç',
};

/** Accents a text and pads it with words of `~` until it is 40 % longer. */
export function lengthen(text: string): string {
  const accented = text.replace(/[aeiouAEIOUnc]/g, (letter) => ACCENTED[letter] ?? letter);
  const missing = Math.ceil(text.length * 0.4);
  return missing > 0 ? `${accented} ${'~'.repeat(Math.max(1, missing - 1))}` : accented;
}

/** Lengthens every text below a value. */
export function convert(value: unknown): unknown {
  if (typeof value === 'string') return lengthen(value);
  if (typeof value === 'function') {
    const say = value as (...args: unknown[]) => unknown;
    return (...args: unknown[]) => convert(say(...args));
  }
  if (Array.isArray(value)) return value.map(convert);
  return Object.fromEntries(
    Object.entries(value as Record<string, unknown>).map(([key, part]) => [key, convert(part)]),
  );
}

export const pseudo: Words = { ...(convert(en) as Words), language: 'en' };
