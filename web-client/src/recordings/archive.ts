/**
 * The recordings of a room over HTTP. Invariant: the access leaves this page in the header of
 * these calls only, never in an address.
 */
import type { Download, RecordingIndex, Recordings, Release } from '../protocol';
import { Failed, refused } from './trouble';

/** Milliseconds after which a call without an answer is given up. */
const PATIENCE = 15_000;
/** The same for media: half a megabyte on a thin line takes its time. */
const MEDIA_PATIENCE = 60_000;

/** Every call throws `Failed`, or the signal's reason if it was called off. */
export class Archive {
  constructor(
    private readonly access: string,
    private readonly ask: typeof fetch = (input, init) => fetch(input, init),
  ) {}

  /** What the reader may watch, newest first. */
  async list(): Promise<Recordings> {
    return (await this.#call('GET', '')).json() as Promise<Recordings>;
  }

  /** What a player needs; the first `from` fragments are left out. */
  async index(id: string, signal?: AbortSignal, from = 0): Promise<RecordingIndex> {
    const part = from > 0 ? `?from=${from}` : '';
    const response = await this.#call('GET', `${path(id)}${part}`, { signal });
    return response.json() as Promise<RecordingIndex>;
  }

  /** Bytes of the media, `length` of them from `offset` on. */
  async bytes(id: string, offset: number, length: number, signal?: AbortSignal): Promise<ArrayBuffer> {
    const range = `bytes=${offset}-${offset + length - 1}`;
    const response = await this.#call('GET', `${path(id)}/media`, { range, signal });
    const bytes = await response.arrayBuffer().catch((cause: unknown) => {
      throw signal?.aborted ? signal.reason : new Failed('unreachable', { cause });
    });
    // Whoever ignores the range sends something else than was asked for.
    if (response.status !== 206 || bytes.byteLength !== length) throw new Failed('failed');
    return bytes;
  }

  /** Lets everyone of the room watch it, or teachers alone. */
  async release(id: string, released: boolean): Promise<void> {
    const body: Release = { released };
    await this.#call('POST', `${path(id)}/release`, { body });
  }

  async erase(id: string): Promise<void> {
    await this.#call('DELETE', path(id));
  }

  /** An address of the whole file that is good for a minute. */
  async ticket(id: string): Promise<string> {
    const { url } = (await (await this.#call('POST', `${path(id)}/download`)).json()) as Download;
    return url;
  }

  async #call(method: string, below: string, { range, body, signal }: Details = {}): Promise<Response> {
    const patience = AbortSignal.timeout(range === undefined ? PATIENCE : MEDIA_PATIENCE);
    const response = await this.ask(`/api/recordings${below}`, {
      method,
      headers: {
        authorization: `Bearer ${this.access}`,
        ...(range === undefined ? {} : { range }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      credentials: 'omit',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
      signal: signal ? either(signal, patience) : patience,
    }).catch((cause: unknown) => {
      throw signal?.aborted ? signal.reason : new Failed('unreachable', { cause });
    });
    if (response.ok) return response;
    const reply: unknown = await response.json().catch(() => null);
    throw new Failed(refused(response.status, reply as Parameters<typeof refused>[1]));
  }
}

interface Details {
  range?: string;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

function path(id: string): string {
  return `/${encodeURIComponent(id)}`;
}

/** `AbortSignal.any` for browsers that lack it (before Safari 17.4, Chromium 116). */
function either(one: AbortSignal, other: AbortSignal): AbortSignal {
  const both = new AbortController();
  for (const signal of [one, other]) {
    if (signal.aborted) both.abort(signal.reason);
    else signal.addEventListener('abort', () => both.abort(signal.reason), { once: true });
  }
  return both.signal;
}
