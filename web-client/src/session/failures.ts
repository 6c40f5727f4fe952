/** What went wrong with a device, a capture or a request, as the failure that a person reads. */
import type { ErrorCode, ErrorReply } from '../protocol';
import type { Failure } from './model';

/** Codes after which the client does not come back by itself. */
const FINAL: readonly ErrorCode[] = [
  'LINK_EXPIRED',
  'LINK_INVALID',
  'REMOVED',
  'TURNED_AWAY',
  'TALK_OVER',
  'OPENED_ELSEWHERE',
  'LESSON_ENDED',
  'BROWSER_OLD',
  'FULL',
  'BAD_TEXT',
  'DENIED',
];

/** Whether trying again without the person would change nothing. */
export function isFinal(code: ErrorCode): boolean {
  return FINAL.includes(code);
}

/** The failure behind a rejected `getUserMedia`. */
export function deviceFailure(error: unknown): Failure {
  switch (nameOf(error)) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'DEVICE_DENIED';
    case 'NotReadableError':
    case 'AbortError':
      return 'DEVICE_BUSY';
    default:
      return 'DEVICE_MISSING';
  }
}

/** The failure behind a rejected `getDisplayMedia`; null if the person only closed the chooser. */
export function shareFailure(error: unknown): Failure | null {
  return nameOf(error) === 'NotAllowedError' || nameOf(error) === 'AbortError'
    ? null
    : 'SHARE_UNAVAILABLE';
}

/** Whether a body is the server's refusal. */
export function isRefusal(body: unknown): body is ErrorReply {
  return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string';
}

function nameOf(error: unknown): string {
  return error instanceof Error || error instanceof DOMException ? error.name : '';
}
