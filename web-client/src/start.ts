/**
 * What the page itself says until the client is here: that it takes long, or that it cannot be
 * had. The words stand in index.html, which is all that there is without scripts.
 *
 * Invariants: it needs neither the client nor a style. Every way on is a fresh page, since a
 * browser may remember of a page which script did not come, and a new server has scripts of other
 * names. As long as anything is said the address bar holds the link, for whoever makes the fresh page.
 */
import { backoff } from './session/backoff';
import type { Link } from './session/door';

/** Milliseconds after which the person is told that it takes long. */
const SLOW = 10_000;
/** Milliseconds after which a request is given up. */
const LOST = 30_000;
/** Milliseconds for which the answer to a press is to be seen at least. */
const SEEN = 600;
/** Fresh pages in a row that are made without a press: if all that is needed came, more do not help. */
const MOST_FRESH = 3;
/** Milliseconds by which each of them waits longer than the one before. */
const REST = 3_000;

/** What is so, by its name in index.html. */
type Now = 'loads' | 'lost' | 'tries' | 'stuck';

export class Start {
  link: Link | null = null;
  readonly #page = document.getElementById('start');
  /** Fresh pages in a row. */
  readonly #fresh: number = history.state?.fresh ?? 0;
  readonly #slow = setTimeout(() => {
    this.link?.putBack();
    this.#say('loads');
  }, SLOW);
  #wake = () => {};
  /** The answer to the last press was to be seen. */
  #seen: Promise<void> | null = null;

  /** Before the link is taken: that forgets how many fresh pages there were. */
  constructor() {
    if (this.#page) this.#page.hidden = true;
  }

  /** The client is here. Throws if its style, which comes with the page, is not. */
  over(): void {
    if (!getComputedStyle(document.body).getPropertyValue('--page')) throw new Error('no style');
    clearTimeout(this.#slow);
    history.replaceState(null, '', this.link && location.pathname + location.search);
    this.#page?.remove();
  }

  /** The client cannot be had: makes a fresh page once all that this one needs can be fetched. */
  async lost(): Promise<void> {
    // From here on the address may change: somebody may paste another link.
    this.link?.putBack();
    const helps = this.#fresh < MOST_FRESH;
    for (const button of this.#page?.querySelectorAll('button') ?? []) button.onclick = () => this.#press();
    let tries = 0;
    // Perhaps it is all there again: then nothing need be said.
    if (this.#fresh > 0 || !(await isThere())) {
      do {
        await this.#seen;
        this.#say(helps ? 'lost' : 'stuck');
        await new Promise<void>((woken) => {
          this.#wake = woken;
          if (helps) setTimeout(woken, backoff(tries++, Math.random()) + this.#fresh * REST);
        });
      } while (!(await isThere()));
    }
    history.replaceState({ fresh: this.#fresh + 1 }, '');
    location.reload();
  }

  #press(): void {
    this.#say('tries');
    this.#seen = new Promise((seen) => setTimeout(seen, SEEN)).then(() => this.#wake());
  }

  #say(now: Now): void {
    const page = this.#page;
    if (!page) return;
    // The client was here, but could not show itself.
    if (!page.isConnected) document.body.append(page);
    clearTimeout(this.#slow);
    const language = ownLanguage();
    document.documentElement.lang = language;
    for (const part of page.querySelectorAll<HTMLElement>('[data-now]')) {
      part.hidden = !part.matches(`[lang=${language}][data-now~=${now}]`);
    }
    page.className = '';
    page.hidden = false;
  }
}

/** The browser's; German, unless it names English first of the two. */
function ownLanguage(): string {
  return /\b(?:de|en)\b/iu.exec(navigator.languages.join())?.[0].toLowerCase() ?? 'de';
}

/** Whether the page and what it names can be fetched. What was kept of it before is fetched anew. */
async function isThere(): Promise<boolean> {
  try {
    const page = await fetched(location.pathname);
    const parts = [...page.matchAll(/"(\/assets\/[^"]+)"/gu)];
    for (const [, path = ''] of parts) await fetched(path);
    return parts.length > 0;
  } catch {
    return false;
  }
}

async function fetched(path: string): Promise<string> {
  const reply = await fetch(path, { cache: 'reload', signal: AbortSignal.timeout(LOST) });
  if (!reply.ok) throw new Error(path);
  return reply.text();
}
