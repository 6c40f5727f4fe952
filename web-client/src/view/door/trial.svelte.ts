/**
 * Trying the camera before joining. Invariant: the camera is open only between `start` and
 * `stop`, also when `stop` comes while the browser still asks.
 */
import type { Failure } from '../../session/model';
import { choice, refresh } from '../devices.svelte';

type State =
  | { at: 'off' }
  | { at: 'asking' }
  | { at: 'on'; stream: MediaStream }
  | { at: 'failed'; failure: Failure };

export class Trial {
  state = $state.raw<State>({ at: 'off' });
  #turn = 0;

  /** Opens the chosen camera. */
  async start(): Promise<void> {
    this.stop();
    const turn = this.#turn;
    this.state = { at: 'asking' };
    try {
      const device = choice.camera;
      const stream = await navigator.mediaDevices.getUserMedia({
        video: {
          ...(device === null ? {} : { deviceId: { exact: device } }),
          width: { ideal: 1280 },
          height: { ideal: 720 },
        },
      });
      if (turn !== this.#turn) return end(stream);
      this.state = { at: 'on', stream };
      // Names of devices are known from the first permission on.
      void refresh();
    } catch (error) {
      if (turn === this.#turn) this.state = { at: 'failed', failure: why(error) };
    }
  }

  /** Opens the newly chosen camera if one is open. */
  again(): void {
    if (this.state.at === 'on') void this.start();
  }

  /** Closes the camera and forgets a failure. */
  stop(): void {
    this.#turn += 1;
    if (this.state.at === 'on') end(this.state.stream);
    this.state = { at: 'off' };
  }
}

function end(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

function why(error: unknown): Failure {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'DEVICE_DENIED';
  if (name === 'NotReadableError' || name === 'AbortError') return 'DEVICE_BUSY';
  return 'DEVICE_MISSING';
}
