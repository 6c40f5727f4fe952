/** Sounds that go with the tools. Invariant: what only tells a teacher of a wish can be silenced. */
import { settings } from '../../ui/settings.svelte';
import { play, type Sound } from '../../ui/sound';

/** Plays it, unless the person wants no sound of its kind. */
export function sounding(sound: Sound): void {
  if ((sound === 'hand' || sound === 'knock') && !settings.sounds) return;
  play(sound);
}
