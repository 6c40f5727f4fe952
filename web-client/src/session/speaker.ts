/**
 * What is heard: all received voices in one stream on one element, started inside the join click.
 *
 * Why one plain element: Chromium and Firefox mix all tracks of a stream that was complete when it
 * was set (measured on the output: three tones, all three heard), and an iPad lets the element go
 * on that a tap has started, where a second one or an audio context would need another tap. When
 * the connection is replaced the element gets a *new* stream: with tracks swapped inside the old
 * one Chromium played only the first and Firefox paused.
 */
import type { Environment } from './environment';

export class Speaker {
  #element: HTMLAudioElement | null = null;
  #waiting: (() => void) | null = null;
  #muted = false;

  constructor(
    private readonly environment: Environment,
    /** Told whether the browser keeps the sound back until the person presses something. */
    private readonly blocked: (blocked: boolean) => void,
  ) {}

  /** Plays these tracks from now on. */
  play(tracks: MediaStreamTrack[]): void {
    if (!this.#element) {
      this.#element = this.environment.speaker();
      this.#element.muted = this.#muted;
      // Whatever paused it (a call, another page, a headset): nobody wanted the teacher silent.
      this.#element.addEventListener('pause', () => this.start());
    }
    this.#element.srcObject = this.environment.stream(tracks);
    this.start();
  }

  /** Plays on without a sound, since another loudspeaker of the same place has it; or no longer. */
  mute(muted: boolean): void {
    this.#muted = muted;
    if (this.#element) this.#element.muted = muted;
  }

  /** Starts or goes on; call it inside a click after `blocked`. */
  start(): void {
    const element = this.#element;
    if (!element?.srcObject) return;
    element.play().then(
      () => this.#freed(),
      (error: unknown) => {
        // Anything else is a play that a newer one replaced.
        if (error instanceof Error && error.name === 'NotAllowedError') this.#held();
      },
    );
  }

  stop(): void {
    this.#freed();
    this.#muted = false;
    const element = this.#element;
    this.#element = null;
    if (!element) return;
    element.srcObject = null;
    element.remove();
  }

  #held(): void {
    this.#waiting?.();
    this.#waiting = this.environment.nextPress(() => this.start());
    this.blocked(true);
  }

  #freed(): void {
    if (!this.#waiting) return;
    this.#waiting();
    this.#waiting = null;
    this.blocked(false);
  }
}
