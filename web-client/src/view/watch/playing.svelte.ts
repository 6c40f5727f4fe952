/**
 * What a video element is doing, as state for the controls, and what they do to it. Invariant: the
 * position is never behind the end of what was recorded, whatever the browser makes of the last
 * frame's length.
 */

/** Speeds, slowest first. */
export const SPEEDS = [0.75, 1, 1.25, 1.5, 2] as const;

export class Playing {
  /** Seconds. */
  position = $state(0);
  /** Seconds until which it is ready. */
  ready = $state(0);
  /** Seconds; told from outside. */
  length = $state(0);
  /** Whether it is still being made: then its end is no end. */
  grows = $state(false);
  on = $state(false);
  muted = $state(false);
  /** 0 to 1. */
  volume = $state(1);
  speed = $state(1);
  #video: HTMLVideoElement | null = null;

  /** Watches an element; returns how to stop. */
  hold(video: HTMLVideoElement): () => void {
    this.#video = video;
    const ends = new AbortController();
    const { signal } = ends;
    const listen = (names: string[], act: () => void) => {
      for (const name of names) video.addEventListener(name, act, { signal });
    };
    listen(['play', 'pause', 'ended'], () => (this.on = !video.paused && !video.ended));
    listen(['timeupdate', 'seeking', 'progress', 'loadedmetadata'], () => this.#look(video));
    listen(['volumechange'], () => {
      this.muted = video.muted;
      this.volume = video.volume;
    });
    listen(['ratechange'], () => (this.speed = video.playbackRate));
    // A new source begins at the usual speed.
    listen(['loadedmetadata'], () => (video.playbackRate = this.speed));
    return () => {
      ends.abort();
      this.#video = null;
    };
  }

  toggle(): void {
    if (!this.#video) return;
    if (!this.#video.paused && !this.#video.ended) return this.#video.pause();
    if (!this.grows && this.position >= this.length - 0.2) this.seek(0);
    // Refused only if the element goes away meanwhile.
    void this.#video.play().catch(() => undefined);
  }

  /** Goes to a second. */
  seek(to: number): void {
    if (!this.#video) return;
    this.position = Math.min(Math.max(0, to), this.length);
    this.#video.currentTime = this.position;
  }

  mute(muted: boolean): void {
    if (!this.#video) return;
    this.#video.muted = muted;
    if (!muted && this.#video.volume === 0) this.#video.volume = 1;
  }

  /** 0 to 1; 0 mutes. */
  loud(volume: number): void {
    if (!this.#video) return;
    this.#video.volume = volume;
    this.#video.muted = volume === 0;
  }

  go(speed: number): void {
    if (this.#video) this.#video.playbackRate = speed;
  }

  /** The next faster speed, or the next slower one. */
  shift(by: 1 | -1): void {
    const now = SPEEDS.findIndex((speed) => speed >= this.speed);
    const next = SPEEDS[now + by];
    if (next !== undefined) this.go(next);
  }

  #look(video: HTMLVideoElement): void {
    const { currentTime, buffered } = video;
    this.position = Math.min(currentTime, this.length);
    this.ready = this.position;
    for (let index = 0; index < buffered.length; index += 1) {
      if (buffered.start(index) > currentTime + 0.5) continue;
      this.ready = Math.max(this.ready, Math.min(buffered.end(index), this.length));
    }
    if (!this.grows && this.length > 0 && currentTime >= this.length && !video.paused) video.pause();
  }
}
