/**
 * The WebSocket: join first, then messages with their answers, and the way back when it is lost.
 *
 * Invariant: at most one socket is alive; messages are passed on only between `joined` (or
 * `waiting`) and the loss of the same socket. Nothing is queued here: what is said while the line is down is `lost`.
 */
import type { ClientMessage, ErrorCode, Join, Joined, ServerMessage, Waiting } from '../protocol';
import { backoff } from './backoff';
import type { Environment } from './environment';
import { isFinal } from './failures';
import type { Told } from './own';

/** A silent line is asked for a sign of life after so many milliseconds. */
const SILENCE = 10_000;
/** How long the sign of life may take. */
const PONG_WITHIN = 5_000;
/** The same, when there is reason to believe that the line is dead. */
const PONG_AT_DOUBT = 2_000;
/** How long the first message and the answer to it may take. */
const JOIN_WITHIN = 6_000;
/** How long the socket may take to open when the line was there a moment ago. */
const OPEN_WITHIN = 3_000;
/**
 * How long the server may take to answer before a socket is tried again. Short, because a request
 * that began in a hole of the network repeats its first packet ever more seldom and would sleep on
 * after the hole has closed; every fifth is long, for lines that are merely slow.
 */
const REACH_WITHIN = [2_500, 2_500, 2_500, 2_500, 8_000] as const;
/** A try younger than this is not given up for a newer one. */
const FRESH = 1_000;
/** A connection that lived this long counts as good: the next loss starts with short waits. */
const GOOD_AFTER = 5_000;

export interface SocketHooks {
  /** Makes the first message. If it rejects, the try counts as failed. */
  hello: () => Promise<Join>;
  /** The seat is taken. False: the reply does not fit what is known; come back without `since`. */
  joined: (reply: Joined) => boolean;
  /** The seat must be waited for; also when it was held until now. */
  waiting: (told: Waiting) => void;
  message: (message: Exclude<ServerMessage, { type: 'joined' | 'waiting' | 'ok' | 'pong' }>) => void;
  /** The line is down and will be tried again. */
  lost: () => void;
  /** The join was refused. True: try again. */
  refused: (code: ErrorCode) => boolean;
  /** The server ended this connection for good. */
  over: (code: ErrorCode) => void;
}

type State =
  | { is: 'idle' }
  | { is: 'waiting'; timer: ReturnType<typeof setTimeout> }
  | { is: 'trying'; round: number; since: number }
  /** Live: the seat is taken. Queued: it is waited for, on the same socket. */
  | { is: 'live' | 'queued'; socket: WebSocket; since: number };

export class Socket {
  #state: State = { is: 'idle' };
  /** The socket that exists, joined or not. */
  #open: WebSocket | null = null;
  #round = 0;
  #tries = 0;
  #ref = 0;
  readonly #answers = new Map<number, (told: Told) => void>();
  #watch: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly environment: Environment,
    private readonly hooks: SocketHooks,
  ) {}

  get live(): boolean {
    return this.#state.is === 'live';
  }

  /** Whether the server is there, with a seat or in the queue for one. */
  get up(): boolean {
    return isUp(this.#state);
  }

  start(): void {
    if (this.#state.is === 'idle') this.#try();
  }

  /** Closes for good; `start` begins anew. */
  stop(): void {
    this.#drop();
    this.#tries = 0;
    this.#state = { is: 'idle' };
  }

  /** Something says that the line may be back, or gone: find out now. */
  nudge(): void {
    const state = this.#state;
    if (isUp(state)) this.#probe(PONG_AT_DOUBT);
    if (state.is === 'waiting') this.#try();
    if (state.is === 'trying' && this.environment.now() - state.since > FRESH) this.#try();
  }

  /** Says something. Resolves with the server's answer or the loss of the line. */
  post(message: ClientMessage): Promise<Told> {
    const state = this.#state;
    if (!isUp(state)) return Promise.resolve('lost');
    const ref = ++this.#ref;
    return new Promise((resolve) => {
      this.#answers.set(ref, resolve);
      state.socket.send(JSON.stringify({ ref, ...message }));
    });
  }

  #try(): void {
    this.#drop();
    const round = this.#round;
    this.#state = { is: 'trying', round, since: this.environment.now() };
    this.#approach(round).catch(() => this.#lost(round));
  }

  async #approach(round: number): Promise<void> {
    if (this.#tries > 1) await this.#reach(round);
    if (round !== this.#round) return;
    this.#lostAfter(round, JOIN_WITHIN);
    const join = await this.hooks.hello();
    if (round === this.#round) this.#connect(round, join);
  }

  /**
   * Waits until the server answers a plain request. Firefox holds a WebSocket back the longer, the
   * more of them have failed (200 ms, half as much again each time): so none is opened in vain.
   */
  async #reach(round: number): Promise<void> {
    const within = REACH_WITHIN[this.#tries % 5] ?? JOIN_WITHIN;
    this.#lostAfter(round, within);
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), within);
    try {
      await this.environment.fetch('/healthz', {
        cache: 'no-store',
        credentials: 'omit',
        signal: stop.signal,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #connect(round: number, join: Join): void {
    const { protocol, host } = this.environment.location;
    const scheme = protocol === 'http:' ? 'ws' : 'wss';
    const socket = new this.environment.WebSocket(`${scheme}://${host}/ws`);
    this.#open = socket;
    this.#lostAfter(round, this.#tries > 1 ? JOIN_WITHIN : OPEN_WITHIN);
    socket.onopen = () => {
      this.#lostAfter(round, JOIN_WITHIN);
      const first: ClientMessage = { type: 'join', ...join };
      socket.send(JSON.stringify(first));
    };
    socket.onclose = () => this.#lost(round);
    socket.onmessage = ({ data }) => {
      if (round !== this.#round) return;
      const message = read(data);
      if (message) this.#take(round, socket, message);
    };
  }

  #take(round: number, socket: WebSocket, message: ServerMessage): void {
    if (isUp(this.#state)) this.#rest();
    switch (message.type) {
      case 'waiting':
        this.#state = { is: 'queued', socket, since: this.environment.now() };
        this.#rest();
        return this.hooks.waiting(message);
      case 'joined': {
        this.#state = { is: 'live', socket, since: this.environment.now() };
        this.#rest();
        if (!this.hooks.joined(message)) this.#lost(round);
        return;
      }
      case 'ok':
        return this.#answer(message.ref, 'ok');
      case 'pong':
        return;
      case 'error':
        if (message.ref !== undefined) return this.#answer(message.ref, message.code);
        if (this.#state.is !== 'live') return this.#refused(round, message.code);
        return this.hooks.message(message);
      case 'closed':
        if (isFinal(message.code)) {
          this.stop();
          return this.hooks.over(message.code);
        }
        return this.#lost(round);
      default:
        // Whoever waits is told nothing of the lesson; a late word from before is not heard.
        if (this.#state.is === 'live') this.hooks.message(message);
    }
  }

  #refused(round: number, code: ErrorCode): void {
    if (!isFinal(code) && this.hooks.refused(code)) return this.#lost(round);
    this.stop();
    this.hooks.over(code);
  }

  #answer(ref: number, told: Told): void {
    const resolve = this.#answers.get(ref);
    this.#answers.delete(ref);
    resolve?.(told);
  }

  /** Listens into the silence. */
  #rest(): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#probe(PONG_WITHIN), SILENCE);
  }

  #probe(within: number): void {
    const state = this.#state;
    if (!isUp(state)) return;
    const ping: ClientMessage = { type: 'ping' };
    state.socket.send(JSON.stringify(ping));
    this.#lostAfter(this.#round, within);
  }

  #lostAfter(round: number, wait: number): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#lost(round), wait);
  }

  #lost(round: number): void {
    const state = this.#state;
    if (round !== this.#round || state.is === 'idle' || state.is === 'waiting') return;
    const now = this.environment.now();
    if (isUp(state) && now - state.since >= GOOD_AFTER) this.#tries = 0;
    const wait = backoff(this.#tries, this.environment.random());
    this.#tries += 1;
    this.#drop();
    this.#state = { is: 'waiting', timer: setTimeout(() => this.#try(), wait) };
    this.hooks.lost();
  }

  /** Forgets the socket that exists; whatever it still says is not heard. */
  #drop(): void {
    this.#round += 1;
    clearTimeout(this.#watch);
    if (this.#state.is === 'waiting') clearTimeout(this.#state.timer);
    this.#state = { is: 'idle' };
    const socket = this.#open;
    this.#open = null;
    if (socket) {
      socket.onopen = socket.onclose = socket.onmessage = null;
      socket.close();
    }
    const waiting = [...this.#answers.values()];
    this.#answers.clear();
    for (const resolve of waiting) resolve('lost');
  }
}

function isUp(state: State): state is Extract<State, { is: 'live' | 'queued' }> {
  return state.is === 'live' || state.is === 'queued';
}

function read(data: unknown): ServerMessage | null {
  try {
    const message: unknown = JSON.parse(String(data));
    return typeof message === 'object' && message !== null && 'type' in message
      ? (message as ServerMessage)
      : null;
  } catch {
    return null;
  }
}
