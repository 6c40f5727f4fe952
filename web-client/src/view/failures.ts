/**
 * What the button of a failure does. Its words stand in the catalogue; a failure without a button
 * here shows none.
 */
import type { Failure, Session } from '../session/model';

/** Where a failure's button leads in the view. */
export interface Ways {
  showHow(): void;
  /** Shows what helps an old browser. */
  showHelp(): void;
  /** Shows what a school's technicians need to know. */
  showReport(): void;
  chooseDevice(): void;
  /** Switches on again what failed. */
  again(): void;
}

/** The act of the failure's button, or null if there is nothing to press. */
export function wayOut(failure: Failure, session: Session, ways: Ways): (() => void) | null {
  switch (failure) {
    case 'DEVICE_DENIED':
      return ways.showHow;
    case 'BROWSER_OLD':
      return ways.showHelp;
    case 'MEDIA_BLOCKED':
      return ways.showReport;
    case 'DEVICE_MISSING':
      return ways.chooseDevice;
    case 'DEVICE_BUSY':
      return () => {
        session.dismiss(failure);
        ways.again();
      };
    case 'SOUND_BLOCKED':
      return () => session.dismiss(failure);
    case 'BAD_MESSAGE':
      return () => location.reload();
    case 'CONNECTION_LOST':
    case 'GOING_AWAY':
    case 'OPENED_ELSEWHERE':
    case 'TOKEN_INVALID':
    case 'RESUME_INVALID':
    case 'FULL':
    case 'OFFER_INVALID':
    case 'INTERNAL':
      return () => session.retry();
    case 'LINK_EXPIRED':
    case 'LINK_INVALID':
    case 'REMOVED':
    case 'TURNED_AWAY':
    case 'TALK_OVER':
    case 'TOO_LATE':
    case 'LESSON_ENDED':
    case 'DENIED':
    case 'NOT_FOUND':
    case 'TOO_MANY':
    case 'BAD_TEXT':
    case 'DEGRADED':
    case 'CONNECTION_WEAK':
    case 'SHARE_UNAVAILABLE':
    case 'FILE_REFUSED':
    case 'RECORDING_STOPPED':
      return null;
  }
}

/** Whether a failure concerns one act only: its notice goes by itself after a while. */
export function passes(failure: Failure): boolean {
  return (
    failure === 'DENIED' ||
    failure === 'NOT_FOUND' ||
    failure === 'TOO_LATE' ||
    failure === 'TOO_MANY' ||
    failure === 'BAD_TEXT' ||
    failure === 'SHARE_UNAVAILABLE'
  );
}
