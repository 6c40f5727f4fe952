/**
 * Keys of the player. Single letters and signs can be switched off, as in the room; what has the
 * focus keeps the keys that it knows itself.
 */

/** What a key does. */
export type Act =
  | { is: 'toggle' }
  | { is: 'step'; seconds: number }
  | { is: 'speed'; by: 1 | -1 }
  | { is: 'mute' }
  | { is: 'whole' };

/** Seconds of one arrow. */
const STEP = 5;

const ALWAYS: Readonly<Record<string, Act>> = {
  ' ': { is: 'toggle' },
  ArrowLeft: { is: 'step', seconds: -STEP },
  ArrowRight: { is: 'step', seconds: STEP },
};

const LETTERS: Readonly<Record<string, Act>> = {
  ',': { is: 'speed', by: -1 },
  '.': { is: 'speed', by: 1 },
  m: { is: 'mute' },
  f: { is: 'whole' },
};

/** What is known of a key press; `on` is what has the focus. */
export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  target: EventTarget | null;
}

/** What a key press means, or null. */
export function actOf(press: Press, letters: boolean): Act | null {
  if (press.ctrlKey || press.metaKey || press.altKey) return null;
  const on = press.target instanceof Element ? press.target : null;
  const always = ALWAYS[press.key];
  if (always) return on?.closest(OWN_KEYS) && !seeks(on, always) ? null : always;
  if (!letters || on?.closest('select')) return null;
  return LETTERS[press.key.toLowerCase()] ?? null;
}

const OWN_KEYS = 'button, select, input, a, dialog';

/** On the line of time an arrow goes as far as everywhere else. */
function seeks(on: Element, act: Act): boolean {
  return on.matches('input[type=range][data-time]') && act.is !== 'speed';
}
