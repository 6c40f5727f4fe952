/**
 * The texts about leading a class. Apart from the other words, because the door needs none of
 * them: they come with the lesson.
 */
import { convert } from '../pseudo';
import { language } from '../words.svelte';
import { classroom as de } from './de';
import { classroom as en, type Classroom } from './en';

const pseudo = convert(en) as Classroom;

/** These texts in the language of this person. Read it where it is shown. */
export function classroom(): Classroom {
  return { de, en, pseudo }[language()];
}
