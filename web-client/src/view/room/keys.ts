/**
 * Keys of the room. Single letters act only outside of writing and can be switched off; F6 goes
 * through the regions always.
 */
import type { Control } from './controls';

const LETTERS: Readonly<Record<string, Control>> = {
  m: 'microphone',
  v: 'camera',
  h: 'hand',
  c: 'chat',
};

/** The key of a control, as it is written in tooltips. */
export function keyOf(control: Control): string | undefined {
  return Object.keys(LETTERS)
    .find((letter) => LETTERS[letter] === control)
    ?.toUpperCase();
}

/** The control that a key press means, or null. */
export function controlOf(event: KeyboardEvent): Control | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return null;
  if (event.target instanceof Element && event.target.closest(WRITING)) return null;
  return LETTERS[event.key.toLowerCase()] ?? null;
}

/** Whether a key press is the space bar and nothing on the page wants it. */
export function isSpeakKey(event: KeyboardEvent): boolean {
  if (event.key !== ' ' || event.ctrlKey || event.metaKey || event.altKey) return false;
  return !(event.target instanceof Element && event.target.closest(TAKES_SPACE));
}

/** Moves the focus to the next (or the previous) region that is on the screen. */
export function nextRegion(root: ParentNode, back: boolean): void {
  const regions = [...root.querySelectorAll<HTMLElement>('[data-region]')].filter(
    (region) =>
      region.closest('[inert]') === null &&
      (region.checkVisibility === undefined ? true : region.checkVisibility()),
  );
  const now = regions.findIndex((region) => region.contains(document.activeElement));
  const step = back ? (now < 0 ? 0 : -1) : 1;
  regions[(now + step + regions.length) % regions.length]?.focus();
}

const TAKES_SPACE = 'input, textarea, select, button, a, summary, dialog, [contenteditable]';

const WRITING = 'input:not([type=checkbox], [type=radio]), textarea, select, dialog, [contenteditable]';
