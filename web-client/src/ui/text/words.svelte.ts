/**
 * Which texts this person reads. Invariant: a pupil's German is "du", everyone else's is "Sie",
 * also before the role is known.
 */
import type { Role } from '../../protocol';
import { settings } from '../settings.svelte';
import { de } from './de';
import { deFormal } from './de-formal';
import { en, type Words } from './en';
import { pseudo } from './pseudo';

/** Languages that a person can choose; each is named in itself. */
export const LANGUAGES = { de: 'Deutsch', en: 'English' } as const;

/** A language of the catalogue; `pseudo` is reached by `?lang=pseudo` only. */
export type Language = keyof typeof LANGUAGES | 'pseudo';

let role = $state<Role | null>(null);

/** Sets the role that decides the form of address. */
export function addressAs(known: Role): void {
  role = known;
}

/** The chosen language: the setting, else `?lang`, else the browser's first that we have. */
export function language(): Language {
  return settings.language ?? fromAddress ?? fromBrowser;
}

/** All texts in the language and form of address of this person. Read it where it is shown. */
export function t(): Words {
  switch (language()) {
    case 'en':
      return en;
    case 'pseudo':
      return pseudo;
    case 'de':
      return role === 'pupil' ? de : deFormal;
  }
}

function asLanguage(tag: string | null): Language | null {
  const primary = tag?.toLowerCase().split('-')[0];
  return primary === 'de' || primary === 'en' || primary === 'pseudo' ? primary : null;
}

const fromAddress = asLanguage(new URLSearchParams(location.search).get('lang'));
const fromBrowser =
  navigator.languages.map(asLanguage).find((found) => found !== null) ?? ('en' as const);
