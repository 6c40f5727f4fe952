/**
 * What this person looks at: the size of every picture that is on the screen, told to the session.
 * Invariant: a source is wished for exactly while an element for it is mounted; one that stands
 * in two places is wished for once, at its larger size. A tab that nobody sees wishes for nothing.
 */
import type { Wish } from '../../session/model';
import type { Source } from './seats';

/** How strongly a picture keeps its quality on a weak line. */
export const PRIORITY = { content: 30, main: 20, speaking: 15, other: 10 } as const;

/** Changes within this time, in milliseconds, are told together. */
const TOGETHER = 60;

interface Place {
  source: Source;
  priority: number;
  height: number;
}

type Attachment = (element: Element) => () => void;

export class Looking {
  #attachments = new Map<string, Attachment>();
  #places = new Map<Element, Place>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #told = '';
  #observer: ResizeObserver;
  #tell: (wishes: Wish[]) => void;

  constructor(tell: (wishes: Wish[]) => void) {
    this.#tell = tell;
    this.#observer = new ResizeObserver((entries) => {
      for (const entry of entries) {
        const place = this.#places.get(entry.target);
        if (place) place.height = entry.contentRect.height;
      }
      this.#soon();
    });
    document.addEventListener('visibilitychange', this.#seen);
  }

  /**
   * An attachment that wishes for `source` while its element is on the screen. The same for the
   * same wish, so that a change elsewhere in the room does not detach it.
   */
  at(source: Source, priority: number): Attachment {
    const key = `${source.participant}/${source.kind}/${priority}`;
    let attachment = this.#attachments.get(key);
    if (!attachment) {
      attachment = this.#attach(source, priority);
      this.#attachments.set(key, attachment);
    }
    return attachment;
  }

  /** Stops observing; wishes stay as they were told last. */
  stop(): void {
    this.#observer.disconnect();
    document.removeEventListener('visibilitychange', this.#seen);
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #attach(source: Source, priority: number): Attachment {
    return (element) => {
      this.#places.set(element, { source, priority, height: element.clientHeight });
      this.#observer.observe(element);
      this.#soon();
      return () => {
        this.#places.delete(element);
        this.#observer.unobserve(element);
        this.#soon();
      };
    };
  }

  #seen = () => this.#soon();

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      const places = document.hidden ? [] : [...this.#places.values()];
      const wishes = merge(places, devicePixelRatio);
      const text = JSON.stringify(wishes);
      if (text === this.#told) return;
      this.#told = text;
      this.#tell(wishes);
    }, TOGETHER);
  }
}

/** Wishes in device pixels, most important first, one per source. */
export function merge(places: Place[], ratio: number): Wish[] {
  const wishes = new Map<string, Wish>();
  for (const { source, priority, height } of places) {
    const key = `${source.participant}/${source.kind}`;
    const before = wishes.get(key);
    wishes.set(key, {
      ...source,
      height: Math.max(before?.height ?? 0, Math.round(height * ratio)),
      priority: Math.max(before?.priority ?? 0, priority),
    });
  }
  return [...wishes.values()].sort((one, other) => other.priority - one.priority);
}
