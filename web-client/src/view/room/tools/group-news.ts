/**
 * The sounds of the groups: before a teacher listens in, when a group calls a teacher, and when a
 * minute is left.
 * Invariant: a listening is heard once, before it begins; a call is heard by teachers alone.
 */
import type { Groups, Role } from '../../../protocol';
import type { Sound } from '../../../ui/sound';
import { GROUPS_WARN, Warning } from './left';

export class GroupNews {
  #heard: (sound: Sound) => void;
  #warning = new Warning(GROUPS_WARN);
  #told = new Set<string>();
  #calls = new Set<number>();

  constructor(heard: (sound: Sound) => void) {
    this.#heard = heard;
  }

  /** Compares with what was heard. The own listening is silent: it is the group that is told. */
  see(groups: Groups, me: number, role: Role, now: number): void {
    const listens = groups.visits.filter((visit) => visit.listens && visit.who !== me);
    const mine = listens.filter(({ group }) => group === groups.mine);
    const keys = new Set(mine.map(({ who, group, since }) => `${who} ${group} ${since}`));
    const fresh = [...keys].some((key) => !this.#told.has(key));
    this.#told = keys;
    if (fresh) this.#heard('listening');
    const called = groups.calls.some((group) => !this.#calls.has(group));
    this.#calls = new Set(groups.calls);
    if (called && role === 'teacher') this.#heard('hand');
    if (this.#warning.due(groups.open ? groups.until : null, now)) this.#heard('soon');
  }
}
