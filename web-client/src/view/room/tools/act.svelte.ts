/**
 * Doing something with the tools: an act goes to the server, and what is refused is told in words
 * where it was pressed. Invariant: an errand never throws, and a new one clears the old trouble.
 */
import type { ClientMessage, ErrorCode } from '../../../protocol';
import { t } from '../../../ui/text/words.svelte';

/** Sends a message to the server. Rejects with the `ErrorCode` of a refusal. */
export type Act = (message: ClientMessage) => Promise<unknown>;

/** What one panel has asked of the server. */
export class Errand {
  /** Why the last act was refused. */
  #refused = $state<ErrorCode | null>(null);
  #act: () => Act;

  constructor(act: () => Act) {
    this.#act = act;
  }

  /** Why the last act was refused, in words. */
  get trouble(): string | null {
    return this.#refused === null ? null : wordsOf(this.#refused);
  }

  /** Does it. Returns whether the server took it. */
  async run(message: ClientMessage): Promise<boolean> {
    this.#refused = null;
    try {
      await this.#act()(message);
      return true;
    } catch (reason) {
      this.#refused = codeOf(reason);
      return false;
    }
  }
}

function codeOf(reason: unknown): ErrorCode {
  return typeof reason === 'string' ? (reason as ErrorCode) : 'INTERNAL';
}

function wordsOf(code: ErrorCode): string {
  const texts: Partial<Record<ErrorCode, { say: string }>> = t().failures;
  return (texts[code] ?? t().failures.INTERNAL).say;
}
