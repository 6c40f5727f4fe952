/**
 * What this person said of being in the recording. Invariants: a word holds for the recording for
 * which it was given and for no other; a yes that the server does not know of is none.
 */
import type { Lesson } from './state';

export class Consent {
  #word: { recording: string; given: boolean } | null = null;

  /** The person says yes or no; false if there is no recording to say it of. */
  say({ recording }: Lesson, given: boolean): boolean {
    if (!recording) return false;
    this.#word = { recording: recording.id, given };
    return true;
  }

  /** The word did not arrive. A no stays: it is said again. */
  unheard(): void {
    if (this.#word?.given) this.#word = null;
  }

  /** Compares with what the server knows. */
  check({ recorded, me }: Lesson): void {
    if (!recorded.includes(me)) this.unheard();
  }

  /** Whether the person is to be asked. Whoever records is in it by pressing. */
  asks({ recording, recorded, mayBeRecorded, me }: Lesson): boolean {
    if (!recording || !mayBeRecorded || recording.by === me || recorded.includes(me)) return false;
    return this.#word?.recording !== recording.id;
  }

  forget(): void {
    this.#word = null;
  }
}
