/**
 * The way in: a link's secret becomes a join token, a seat's key opens the same seat again.
 *
 * Invariants: the secret leaves the address bar before anything else happens and is kept in this
 * page's memory alone, until only a fresh page helps, which finds it in the address again. The tab's
 * storage holds one entry, the seat (key and role). The browser's storage holds one too, a random
 * number of this device, and only if somebody said here who they are: a personal link needs none.
 */
import type { EnterReply, EnterRequest, ErrorCode, Role } from '../protocol';
import type { Environment } from './environment';
import { isRefusal } from './failures';
import type { Who } from './model';

/** Name of the one entry in the tab's storage. */
export const SEAT = 'kreide.seat';

/** Name of the one entry in the browser's storage that is not a setting. */
export const DEVICE = 'kreide.device';

/** Tokens live five minutes; one that is older than this is not worth trying. */
const TOKEN_USABLE = 4 * 60_000;

/** What reopens a seat after a reload. The role tells how many slots to offer. */
export interface Seat {
  resume: string;
  role: Role;
}

/** The link was refused. */
export class Refused extends Error {
  constructor(readonly code: ErrorCode) {
    super(code);
  }
}

/**
 * The link of this page, as long as the page lives. It is asked what it opens as soon as it is
 * there: on a thin line the rest of the client comes meanwhile.
 */
export class Link {
  #token: { text: string; at: number } | null = null;
  /** What it says when it is asked first. */
  #first: Promise<EnterReply> | null;

  constructor(
    private readonly environment: Environment,
    private readonly secret: string,
  ) {
    this.#first = this.#ask(null);
    // Whoever enters hears of it.
    this.#first.catch(() => undefined);
  }

  /**
   * Says what the link opens; keeps the token if there is one.
   * Throws `Refused`, or whatever `fetch` throws when the server cannot be reached.
   */
  enter(who: Who | null): Promise<EnterReply> {
    const first = this.#first;
    this.#first = null;
    return who === null && first ? first : this.#ask(who);
  }

  async #ask(who: Who | null): Promise<EnterReply> {
    const claim = who === null ? {} : { ...who, device: device(this.environment) };
    const request: EnterRequest = { link: this.secret, ...claim };
    const response = await this.environment.fetch('/api/enter', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      credentials: 'omit',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
    });
    const body: unknown = await response.json().catch(() => null);
    if (!response.ok) throw new Refused(isRefusal(body) ? body.code : 'INTERNAL');
    const reply = body as EnterReply;
    this.#token = reply.token === null ? null : { text: reply.token, at: this.environment.now() };
    return reply;
  }

  /** Puts it into the address bar again, for a fresh page. */
  putBack(): void {
    const { location, history } = this.environment;
    history.replaceState(null, '', `${location.pathname}${location.search}#${this.secret}`);
  }

  /** A token that was not used yet. */
  async token(who: Who | null): Promise<string> {
    const kept = this.#token;
    this.#token = null;
    if (kept && this.environment.now() - kept.at < TOKEN_USABLE) return kept.text;
    const { token } = await this.enter(who);
    this.#token = null;
    if (token === null) throw new Refused('BAD_TEXT');
    return token;
  }
}

/** Takes the link out of the address bar; null if there is none. */
export function takeLink(environment: Environment): Link | null {
  const { location, history } = environment;
  const secret = location.hash.slice(1);
  if (secret === '') return null;
  history.replaceState(null, '', location.pathname + location.search);
  return new Link(environment, secret);
}

/** The seat that this tab held before. */
export function keptSeat({ storage }: Environment): Seat | null {
  try {
    const seat: unknown = JSON.parse(storage.getItem(SEAT) ?? 'null');
    if (typeof seat !== 'object' || seat === null) return null;
    if (!('resume' in seat) || typeof seat.resume !== 'string') return null;
    if (!('role' in seat) || typeof seat.role !== 'string') return null;
    return { resume: seat.resume, role: seat.role as Role };
  } catch {
    return null;
  }
}

/** Keeps or forgets the seat. A browser that refuses storage only loses the way back on reload. */
export function keepSeat({ storage }: Environment, seat: Seat | null): void {
  try {
    if (seat) storage.setItem(SEAT, JSON.stringify(seat));
    else storage.removeItem(SEAT);
  } catch {
    // Nothing to tell: the lesson itself goes on.
  }
}

/** The number of this device: 128 random bits in base64url, made once and kept. */
function device({ lasting, bytes }: Environment): string {
  const kept = stored(lasting);
  if (kept !== null) return kept;
  const text = btoa(String.fromCharCode(...bytes(16)));
  const fresh = text.replace(/\+/gu, '-').replace(/\//gu, '_').replace(/=+$/u, '');
  try {
    lasting.setItem(DEVICE, fresh);
  } catch {
    // Without storage it holds for this try alone.
  }
  return fresh;
}

function stored(lasting: Environment['lasting']): string | null {
  try {
    const kept = lasting.getItem(DEVICE);
    return kept !== null && /^[\w-]{22}$/u.test(kept) ? kept : null;
  } catch {
    return null;
  }
}
