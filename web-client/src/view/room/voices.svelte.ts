/**
 * Who is seen speaking. Invariant: a ring that has appeared stays for at least 600 ms, so that
 * short sounds do not flicker.
 */

const LEAST = 600;

export class Voices {
  /** Numbers of those with a ring. */
  ringing = $state.raw<ReadonlySet<number>>(new Set());
  /** Who spoke last, oneself left out. */
  spoke = $state<number | null>(null);
  #since = new Map<number, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Takes the current list, loudest first. `now` in milliseconds of any steady clock. */
  hear(speaking: readonly number[], me: number, now: number): void {
    clearTimeout(this.#timer);
    for (const no of speaking) if (!this.#since.has(no)) this.#since.set(no, now);
    let next = Infinity;
    for (const [no, since] of this.#since) {
      if (speaking.includes(no)) continue;
      if (now - since >= LEAST) this.#since.delete(no);
      else next = Math.min(next, since + LEAST - now);
    }
    const ringing = new Set(this.#since.keys());
    if (!same(ringing, this.ringing)) this.ringing = ringing;
    // The loudest takes the large place only if whoever has it is silent.
    const others = speaking.filter((no) => no !== me);
    if (this.spoke === null || !others.includes(this.spoke)) this.spoke = others[0] ?? this.spoke;
    if (next < Infinity) {
      this.#timer = setTimeout(() => this.hear(speaking, me, performance.now()), next);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

function same(one: ReadonlySet<number>, other: ReadonlySet<number>): boolean {
  return one.size === other.size && [...one].every((no) => other.has(no));
}
