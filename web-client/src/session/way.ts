/**
 * What a page knows of its way to the lesson: the link it came by, the door, the seat it holds, and
 * where the person stands.
 *
 * Invariant: a seat that is held is the one in the tab's storage; another link does not touch that
 * one before it has opened a seat of its own.
 */
import type { Role } from '../protocol';
import { keepSeat, type Link, type Seat } from './door';
import type { Environment } from './environment';
import type { Door, Failure, Past, Phase } from './model';

/** Reasons after which the seat is no longer this person's. */
const CLOSED: readonly (Failure | 'LEFT')[] = [
  'LEFT', 'LESSON_ENDED', 'REMOVED', 'TURNED_AWAY', 'TALK_OVER', 'LINK_INVALID',
];

export class Way {
  link: Link | null = null;
  door: Door | null = null;
  #seat: Seat | null = null;
  #phase: Phase = { at: 'arriving' };
  readonly #observers = new Set<(phase: Phase) => void>();

  constructor(private readonly environment: Environment) {}

  get phase(): Phase {
    return this.#phase;
  }

  get seat(): Seat | null {
    return this.#seat;
  }

  get role(): Role {
    return this.#seat?.role ?? this.door?.role ?? 'pupil';
  }

  /** Holds this seat from now on, also over a reload; null gives it up. */
  hold(seat: Seat | null): void {
    this.#seat = seat;
    keepSeat(this.environment, seat);
  }

  /** Goes by this seat, or by none, and leaves the storage as it is. */
  take(seat: Seat | null): void {
    this.#seat = seat;
  }

  subscribe(observer: (phase: Phase) => void): () => void {
    // A wrapper of its own, so that one observer may subscribe twice.
    const entry = (phase: Phase) => observer(phase);
    this.#observers.add(entry);
    entry(this.#phase);
    return () => this.#observers.delete(entry);
  }

  become(phase: Phase): void {
    this.#phase = phase;
    for (const observer of this.#observers) observer(phase);
  }

  /** Nothing may be open any more when this is called. */
  out(reason: Failure | 'LEFT', past: Past | null = null): void {
    if (CLOSED.includes(reason)) this.hold(null);
    const goodbye = reason === 'LEFT' || reason === 'LESSON_ENDED';
    this.become({ at: 'out', reason, ...(goodbye && past ? { past } : {}) });
  }
}
