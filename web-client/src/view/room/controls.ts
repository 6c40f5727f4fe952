/**
 * Which controls a role has, and in which order. Invariant: the order of the main controls is the
 * same on every device, and a control that does not fit on the bar stands in "More".
 */
import type { Role } from '../../protocol';

/** A control of the bar. */
export type Control =
  | 'microphone'
  | 'camera'
  | 'show'
  | 'hand'
  | 'quiet'
  | 'people'
  | 'chat'
  | 'view'
  | 'tools'
  | 'more'
  | 'leave'
  | 'hangUp'
  | 'end';

/** The bar from its start edge to its end edge, and what stands first in "More". */
export interface Bar {
  start: Control[];
  middle: Control[];
  end: Control[];
  inMore: Control[];
}

/**
 * The bar of a role; `narrow` is the width of a phone, `simple` is for small children, and `mayShow`
 * for those who were allowed to show something though their role does not.
 */
export function bar(role: Role, narrow: boolean, simple = false, mayShow = false): Bar {
  const show: Control[] = mayShow ? ['show'] : [];
  if (simple && role === 'pupil') return row(['microphone', ...show], 'leave', []);
  switch (role) {
    case 'teacher':
      return narrow
        ? {
            start: ['microphone', 'camera'],
            middle: ['quiet'],
            end: ['people', 'more', 'end'],
            inMore: ['show', 'chat', 'tools'],
          }
        : {
            start: ['microphone', 'camera', 'show'],
            middle: ['quiet'],
            end: ['people', 'chat', 'tools', 'more', 'end'],
            inMore: [],
          };
    case 'presenter':
      return row(['microphone', 'camera', 'hand', 'show', 'more'], 'leave', ['people', 'chat']);
    case 'pupil':
      return row(['microphone', 'camera', 'hand', 'chat', 'more'], 'leave', [...show, 'people']);
    case 'guest':
      return row(['microphone', 'camera', 'chat', 'more'], 'hangUp', [...show, 'hand', 'people']);
    case 'interpreter':
      return row(['microphone', 'camera', 'view', 'more'], 'leave', [...show, 'people', 'chat']);
    case 'observer':
      return row(['view', 'more'], 'leave', ['people', 'chat']);
  }
}

function row(start: Control[], end: Control, inMore: Control[]): Bar {
  return { start, middle: [], end: [end], inMore };
}
