/**
 * The list of a room's recordings as it stands, and what was just done with one.
 * Invariant: what is shown is what the server said last; an act shows after the server took it.
 */
import type { RecordingInfo, Recordings } from '../../protocol';
import type { Archive } from '../../recordings/archive';
import { troubleOf, type Trouble } from '../../recordings/trouble';
import { t } from '../../ui/text/words.svelte';
import { save } from './open';

type State =
  | { at: 'loading' }
  | { at: 'failed'; trouble: Trouble }
  | { at: 'ready'; list: Recordings };

/** What the last act has led to. */
export type Told =
  | { is: 'done'; say: string; undo: (() => void) | null }
  | { is: 'failed'; trouble: Trouble };

/** Milliseconds after which a list with a running recording is asked for again. */
const AGAIN = 1500;

export class Listing {
  state = $state.raw<State>({ at: 'loading' });
  told = $state.raw<Told | null>(null);
  #round = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly archive: Archive) {}

  /** Asks for the list; what is shown stays until the answer is there. */
  async refresh(): Promise<void> {
    const round = ++this.#round;
    clearTimeout(this.#timer);
    try {
      const list = await this.archive.list();
      if (round === this.#round) this.state = { at: 'ready', list };
    } catch (error) {
      const trouble = troubleOf(error);
      const keeps = this.state.at === 'ready' && trouble === 'unreachable';
      if (round === this.#round && !keeps) this.state = { at: 'failed', trouble };
    }
    if (round !== this.#round || this.state.at !== 'ready') return;
    if (this.state.list.recordings.some((one) => one.running)) {
      this.#timer = setTimeout(() => void this.refresh(), AGAIN);
    }
  }

  /** No answer is taken any more. */
  stop(): void {
    this.#round += 1;
    clearTimeout(this.#timer);
  }

  release({ id }: RecordingInfo, released: boolean): Promise<void> {
    return this.#act(async () => {
      await this.archive.release(id, released);
      const say = released ? t().recording.released : t().recording.withdrawn;
      const undo = () => void this.#act(() => this.archive.release(id, !released));
      return { is: 'done', say, undo };
    });
  }

  erase({ id }: RecordingInfo): Promise<void> {
    return this.#act(async () => {
      await this.archive.erase(id);
      return { is: 'done', say: t().recording.erased, undo: null };
    });
  }

  download({ id }: RecordingInfo): Promise<void> {
    return this.#act(() => save(this.archive, id));
  }

  async #act(act: () => Promise<Told | void>): Promise<void> {
    this.told = null;
    try {
      this.told = (await act()) ?? null;
    } catch (error) {
      this.told = { is: 'failed', trouble: troubleOf(error) };
    }
    await this.refresh();
  }
}
