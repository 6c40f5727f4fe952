/**
 * The peer connection's life: made in the join click, repaired when it breaks, replaced when
 * repair fails.
 *
 * Repair is an ICE restart of the same connection; that cannot work toward a server that lost its
 * certificate, so a second try is a whole new connection beside the old one.
 * Left out: what runs over the lines (own.ts, pictures.ts, speaker.ts).
 */
import type { Kind, Media as Answer, Role } from '../protocol';
import { backoff } from './backoff';
import type { Environment } from './environment';
import { Peer } from './peer';

/** An ICE restart that has not helped by then is given up. */
const RESTART_WITHIN = 4_000;
/** A new connection that is not there by then is tried anew. */
const CONNECT_WITHIN = 10_000;

export interface MediaHooks {
  /** Sends a later offer; null if it could not be answered now. */
  exchange: (offer: string) => Promise<Answer | null>;
  /** These voices are to be played. */
  play: (heard: MediaStreamTrack[]) => void;
  /** The lines of a new connection are there: attach tracks, ask for pictures. */
  ready: (peer: Peer) => void;
  changed: () => void;
}

/** `never` means that no connection ever came about: this network may let no media through. */
export type MediaState = 'none' | 'connecting' | 'ok' | 'lost' | 'never';

interface Line {
  peer: Peer;
  accepted: boolean;
  /** Whether its voices are already on the speaker. */
  playing: boolean;
}

export class Media {
  #line: Line | null = null;
  #role: Role = 'pupil';
  #state: MediaState = 'none';
  /** Counts attempts, so that what an abandoned one still says is not heard. */
  #attempt = 0;
  #tries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly environment: Environment,
    private readonly hooks: MediaHooks,
  ) {}

  get state(): MediaState {
    return this.#state;
  }

  get peer(): Peer | null {
    return this.#line?.peer ?? null;
  }

  /** Makes the connection and lets its voices play. Call it inside the click that joins. */
  open(role: Role): void {
    this.close();
    this.#role = role;
    const line = this.#renew();
    if (!line) return;
    line.playing = true;
    this.hooks.play(line.peer.heard);
  }

  /** The offer for a `join`; undefined if the connection lives or the browser has no media. */
  async joinOffer(): Promise<string | undefined> {
    const line = this.#line;
    if (!line || line.peer.state === 'connected') return undefined;
    this.#attempt += 1;
    const fresh = line.accepted || line.peer.state === 'closed' ? this.#renew() : line;
    return fresh?.peer.offer();
  }

  /** The server's answer to `joinOffer`. */
  async answered(answer: Answer): Promise<void> {
    const line = this.#line;
    if (line) await this.#accept(line, answer, this.#attempt);
  }

  /** The seat came after a wait, in which the offer of the join was not heard: makes it anew. */
  offer(): void {
    const line = this.#line;
    if (line && !line.accepted) void this.#present(line, ++this.#attempt);
  }

  /** The server's side is gone, or belongs to an owner of an older epoch. */
  replace(): void {
    // A connection that waits for its first answer is the replacement already.
    if (!this.#line?.accepted) return;
    this.#become('lost');
    void this.#replace();
  }

  /** The way to the server is back: repair what broke meanwhile. */
  repair(): void {
    if (this.#line && (this.#state === 'lost' || this.#state === 'never')) void this.#replace();
  }

  send(kind: Kind, track: MediaStreamTrack | null): void {
    // Rejects only for a line that was closed meanwhile; the next one gets the track by `ready`.
    this.#line?.peer.send(kind, track).catch(() => {});
  }

  close(): void {
    this.#attempt += 1;
    this.#tries = 0;
    clearTimeout(this.#timer);
    this.#line?.peer.close();
    this.#line = null;
    this.#state = 'none';
  }

  #renew(): Line | null {
    const make = this.environment.RTCPeerConnection;
    if (!make) return null;
    const line: Line = {
      peer: new Peer(this.environment, make, this.#role, (state) => this.#changed(line, state)),
      accepted: false,
      playing: false,
    };
    this.#line?.peer.close();
    this.#line = line;
    if (this.#state === 'none') this.#become('connecting');
    return line;
  }

  #changed(line: Line, state: RTCPeerConnectionState): void {
    if (line !== this.#line) return;
    switch (state) {
      case 'connected':
        clearTimeout(this.#timer);
        this.#tries = 0;
        if (!line.playing) {
          line.playing = true;
          this.hooks.play(line.peer.heard);
        }
        return this.#become('ok');
      case 'disconnected':
        this.#become('lost');
        void this.#restart(line);
        return;
      case 'failed':
        this.#become(this.#state === 'connecting' ? 'never' : 'lost');
        void this.#replace();
        return;
      default:
        return;
    }
  }

  async #restart(line: Line): Promise<void> {
    const attempt = ++this.#attempt;
    this.#later(attempt, RESTART_WITHIN);
    const offer = await line.peer.offer(true).catch(() => null);
    if (offer === null || attempt !== this.#attempt) return;
    const answer = await this.hooks.exchange(offer);
    if (answer && attempt === this.#attempt) await line.peer.accept(answer).catch(() => {});
  }

  async #replace(): Promise<void> {
    const attempt = ++this.#attempt;
    const line = this.#renew();
    if (line) await this.#present(line, attempt);
  }

  async #present(line: Line, attempt: number): Promise<void> {
    this.#later(attempt, CONNECT_WITHIN);
    const answer = await this.hooks.exchange(await line.peer.offer());
    if (attempt !== this.#attempt) return;
    if (answer) return this.#accept(line, answer, attempt);
    this.#later(attempt, backoff(this.#tries, this.environment.random()));
    this.#tries += 1;
  }

  async #accept(line: Line, answer: Answer, attempt: number): Promise<void> {
    this.#later(attempt, CONNECT_WITHIN);
    try {
      await line.peer.accept(answer);
    } catch {
      // An answer that this browser cannot use: the timer tries again, and says so after a while.
      return;
    }
    if (line !== this.#line) return;
    line.accepted = true;
    this.hooks.ready(line.peer);
  }

  /** Replaces the connection unless it is there in time. */
  #later(attempt: number, wait: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (attempt !== this.#attempt || this.#line?.peer.state === 'connected') return;
      if (this.#state === 'connecting') this.#become('never');
      void this.#replace();
    }, wait);
  }

  #become(state: MediaState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.hooks.changed();
  }
}
