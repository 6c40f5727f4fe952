/**
 * The texts of what leads a lesson. Apart from the other words, because only the room needs them:
 * the door is painted sooner without.
 */
import { convert } from '../pseudo';
import { language } from '../words.svelte';
import { toolbox as de } from './de';
import { toolbox as en, type Toolbox } from './en';

const pseudo = convert(en) as Toolbox;

/** These texts in the language of this person. Read it where it is shown. */
export function toolbox(): Toolbox {
  return { de, en, pseudo }[language()];
}
