/**
 * The sounds of the groups: before a teacher listens in, and when a minute is left.
 * Invariant: a listening is heard once, before it begins; whoever comes later reads it.
 */
import type { Groups } from '../../../protocol';
import type { Sound } from '../../../ui/sound';
import { GROUPS_WARN, Warning } from './left';

export class GroupNews {
  #heard: (sound: Sound) => void;
  #warning = new Warning(GROUPS_WARN);
  #told = new Set<string>();

  constructor(heard: (sound: Sound) => void) {
    this.#heard = heard;
  }

  /** Compares with what was heard. `me` listens to nobody unawares: the own visits are silent. */
  see(groups: Groups, me: number, now: number): void {
    const listens = groups.visits.filter((visit) => visit.listens && visit.who !== me);
    const mine = listens.filter(({ group }) => group === groups.mine);
    const keys = new Set(mine.map(({ who, group, since }) => `${who} ${group} ${since}`));
    const fresh = [...keys].some((key) => !this.#told.has(key));
    this.#told = keys;
    if (fresh) this.#heard('listening');
    if (this.#warning.due(groups.open ? groups.until : null, now)) this.#heard('soon');
  }
}
