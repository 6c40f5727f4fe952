/** A poll as it is shown: its answers in words, and the result in numbers that add up in the eye. */
import type { Poll, PollOptions, PollResult } from '../../../protocol';
import { toolbox } from '../../../ui/text/tools/words.svelte';

/** Fewest and most answers that a teacher can write. */
export const LEAST_TEXTS = 2;
export const MOST_TEXTS = 10;

/** Characters of a question or an answer: more is no quick poll. */
export const MOST_CHARS = 300;

/** The answers of a poll in words, in the order of their votes; none for free text. */
export function answersOf(options: PollOptions): string[] {
  switch (options.kind) {
    case 'yesNo':
      return [toolbox().poll.choices.yes, toolbox().poll.choices.no];
    case 'letters':
      return Array.from({ length: options.count }, (_, index) => String.fromCodePoint(65 + index));
    case 'texts':
      return options.texts;
    case 'free':
      return [];
  }
}

/** One bar of a result. */
export interface Bar {
  answer: string;
  votes: number;
  /** Of 1. */
  share: number;
}

/** The bars of a result. */
export function barsOf(poll: Poll, { counts }: PollResult): Bar[] {
  const all = counts.reduce((sum, votes) => sum + votes, 0);
  return answersOf(poll.options).map((answer, index) => {
    const votes = counts[index] ?? 0;
    return { answer, votes, share: all === 0 ? 0 : votes / all };
  });
}

/** The texts that were filled in; null if they are too few. */
export function filled(texts: readonly string[]): string[] | null {
  const written = texts.map((text) => text.trim()).filter((text) => text !== '');
  return written.length >= LEAST_TEXTS ? written.slice(0, MOST_TEXTS) : null;
}
