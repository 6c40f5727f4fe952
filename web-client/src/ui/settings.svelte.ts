/**
 * What a person set for themselves: colours, language, text size, keys, sounds.
 * Invariant: nothing is stored unless the person changes a setting.
 */
import type { Language } from './text/words.svelte';

/** How colours are chosen. */
export type Theme = 'system' | 'light' | 'dark';

interface Settings {
  theme: Theme;
  /** Null follows the browser. */
  language: Language | null;
  /** Index into `TEXT_SIZES`. */
  textSize: number;
  /** Whether single keys act. */
  keys: boolean;
  /** Whether a raised hand is heard; for teachers. */
  sounds: boolean;
}

/** Root font sizes in percent of the browser's own: 16, 18, 20 and 24 px at its default. */
export const TEXT_SIZES = [100, 112.5, 125, 150] as const;

const STORE = 'kreide.settings';
const DEFAULTS: Settings = { theme: 'system', language: null, textSize: 0, keys: true, sounds: true };

export const settings = $state<Settings>({ ...DEFAULTS, ...stored() });

/** Changes settings and remembers them. */
export function set(change: Partial<Settings>): void {
  Object.assign(settings, change);
  try {
    localStorage.setItem(STORE, JSON.stringify(settings));
  } catch {
    // A browser without storage forgets the setting with the tab.
  }
}

/** Writes the settings onto the document; call inside an effect. */
export function applySettings(root: HTMLElement): void {
  if (settings.theme === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = settings.theme;
  root.style.fontSize = `${TEXT_SIZES[settings.textSize] ?? 100}%`;
}

function stored(): Partial<Settings> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(STORE) ?? '{}');
    return checked(value);
  } catch {
    return {};
  }
}

function checked(value: unknown): Partial<Settings> {
  if (typeof value !== 'object' || value === null) return {};
  const { theme, language, textSize, keys, sounds } = value as Record<string, unknown>;
  const good: Partial<Settings> = {};
  if (theme === 'light' || theme === 'dark') good.theme = theme;
  if (language === 'de' || language === 'en') good.language = language;
  if (typeof textSize === 'number' && textSize in TEXT_SIZES) good.textSize = textSize;
  if (typeof keys === 'boolean') good.keys = keys;
  if (typeof sounds === 'boolean') good.sounds = sounds;
  return good;
}
