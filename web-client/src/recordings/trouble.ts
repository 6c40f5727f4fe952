/** What can go wrong between a person and a recording, as the view tells it. */
import type { ErrorReply } from '../protocol';

export type Trouble =
  /** The access is not valid any more. */
  | 'expired'
  /** Deleted, not released, or never there: the server does not say which. */
  | 'gone'
  /** It cannot be done while the recording runs. */
  | 'running'
  | 'denied'
  /** No answer came. */
  | 'unreachable'
  | 'failed';

/** A call that failed. */
export class Failed extends Error {
  constructor(
    readonly trouble: Trouble,
    options?: ErrorOptions,
  ) {
    super(trouble, options);
  }
}

/** The trouble behind any error; what is not ours is a fault of this page. */
export function troubleOf(error: unknown): Trouble {
  return error instanceof Failed ? error.trouble : 'failed';
}

/** The trouble that a refusal means. */
export function refused(status: number, body: Partial<ErrorReply> | null): Trouble {
  if (status === 401) return 'expired';
  if (status === 404 || status === 410 || body?.code === 'NOT_FOUND') return 'gone';
  if (status === 409) return 'running';
  if (status === 403) return 'denied';
  // A proxy in front that waits for the server in vain.
  if (status === 502 || status === 503 || status === 504) return 'unreachable';
  return 'failed';
}
