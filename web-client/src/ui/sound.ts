/**
 * Short tones made on the spot; no file is loaded. Invariant: none is longer than 400 ms, and one
 * that cannot be played is left out without a word: what it tells is always shown as well.
 */

/** What can be heard. */
export type Sound = 'hand' | 'knock' | 'recording' | 'listening' | 'soon' | 'test';

/** A stroke: Hertz, and seconds after the start. */
type Stroke = [frequency: number, at: number];

const STROKES: Readonly<Record<Sound, readonly Stroke[]>> = {
  hand: [
    [660, 0],
    [880, 0.12],
  ],
  knock: [
    [330, 0],
    [330, 0.12],
  ],
  test: [
    [523, 0],
    [784, 0.16],
  ],
  recording: [
    [523, 0],
    [523, 0.14],
  ],
  listening: [
    [587, 0],
    [440, 0.14],
  ],
  soon: [[784, 0]],
};

/** Seconds until a stroke has died away. */
const FADE = 0.24;
/** Loudness of a stroke, of 1. */
const LOUDNESS = 0.08;

/** Milliseconds after which a sound no longer belongs to what it tells. */
const LATEST = 1000;

let context: AudioContext | null = null;

/** Plays a sound if the browser lets it be heard. */
export function play(sound: Sound): void {
  const heard = (context ??= new AudioContext());
  const asked = performance.now();
  // Before the first click on the page this waits; a sound for a moment that has passed is none.
  void heard.resume().then(() => {
    if (performance.now() - asked < LATEST) strike(heard, STROKES[sound]);
  });
}

function strike(context: AudioContext, strokes: readonly Stroke[]): void {
  for (const [frequency, after] of strokes) {
    const at = context.currentTime + after;
    const tone = new OscillatorNode(context, { frequency, type: 'triangle' });
    const volume = new GainNode(context, { gain: 0 });
    volume.gain.setValueAtTime(LOUDNESS, at);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + FADE);
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + FADE);
  }
}
