/**
 * What the person said while the line was down, said again when it is back: nothing twice, and of
 * a switch only its last position, and nothing that puts anyone into a recording. Bounded; the oldest is dropped first.
 */
import type { ClientMessage } from '../protocol';
import type { Lesson } from './state';

/** What may still be meant when the line is back. Other acts were for their moment. */
const LASTING: ReadonlySet<ClientMessage['type']> = new Set([
  'hand',
  'lowerHand',
  'chat',
  'mute',
  'lock',
  'quiet',
  'remove',
  'record',
  'recordConsent',
  'rename',
  'editChat',
  'deleteChat',
  'end',
]);

/** Messages kept at most. */
const KEPT = 50;

interface Unsaid {
  message: ClientMessage;
  /** Number of the newest chat message when it was said. */
  after: number;
}

export class Outbox {
  #unsaid: Unsaid[] = [];

  /** Keeps a message that was said at `lesson` and got no answer. */
  keep(message: ClientMessage, lesson: Lesson | null): void {
    const others = this.#unsaid.filter((one) => !replaces(message, one.message));
    if (records(message) || !LASTING.has(message.type)) return void (this.#unsaid = others);
    this.#unsaid = [...others, { message, after: lesson?.chat.at(-1)?.id ?? 0 }].slice(-KEPT);
  }

  /** Everything kept that has not reached the lesson; empties the box. */
  take(lesson: Lesson): ClientMessage[] {
    const unsaid = this.#unsaid;
    this.#unsaid = [];
    return unsaid.filter((one) => !arrived(one, lesson)).map((one) => one.message);
  }

  clear(): void {
    this.#unsaid = [];
  }
}

function replaces(newer: ClientMessage, older: ClientMessage): boolean {
  if (newer.type === 'hand') return older.type === 'hand';
  if (newer.type === 'quiet') return older.type === 'quiet';
  if (newer.type === 'lock' && older.type === 'lock') {
    return newer.who === older.who && newer.what === older.what;
  }
  const switches = newer.type === 'record' || newer.type === 'recordConsent';
  return switches && older.type === newer.type;
}

/** What puts someone into a recording is not said late: it may be another one by then. */
function records(message: ClientMessage): boolean {
  return (
    (message.type === 'record' && message.on) ||
    (message.type === 'recordConsent' && message.to !== undefined)
  );
}

/** The chat message was taken, only its answer was lost. */
function arrived({ message, after }: Unsaid, lesson: Lesson): boolean {
  return (
    message.type === 'chat' &&
    lesson.chat
      .slice(lesson.chat.findIndex(({ id }) => id === after) + 1)
      .some((one) => one.from === lesson.me && one.text === message.text)
  );
}
