/** Sizes of icons, which always stand beside a word. They grow with the text. */

/** On controls and buttons. */
export const ICON = { size: '1.375rem', strokeWidth: 1.75 } as const;

/** On plates and badges. */
export const SMALL_ICON = { size: '0.875rem', strokeWidth: 2 } as const;
