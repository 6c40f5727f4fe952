/**
 * The session: a person's way from the link through the door into the lesson and out again.
 *
 * What a lesson needs is fetched while the person stands at the door, which is painted sooner for
 * it; from then on orders are handed on. Invariant: nothing here opens a device or a line.
 */
import type { ClientMessage, EnterReply } from '../protocol';
import { backoff } from './backoff';
import { keptSeat, Refused, takeLink, type Link } from './door';
import type { Environment } from './environment';
import type { Commands, DeviceChoice, Door, Phase, Session, Who, Wish } from './model';
import { Orders } from './orders';
import type { Switch } from './own';
import type { Stay } from './stay';
import { Way } from './way';

/** Tries to reach the door before the person is told. */
const KNOCKS = 5;

/**
 * Creates the one session of a page and goes where its address leads; `link` is what was taken out
 * of it already.
 */
export function createSession(environment: Environment, link = takeLink(environment)): Session {
  return new Visit(environment, link);
}

class Visit extends Orders implements Session {
  readonly #way: Way;
  #stay: Stay | null = null;
  #fetching: Promise<Stay> | null = null;
  /** The part that a seat needs failed to come once: a browser may not fetch it again for this page. */
  #missing = false;
  /** Counts arrivals, so that what an earlier one still waits for is not heard. */
  #arrival = 0;

  constructor(
    private readonly environment: Environment,
    link: Link | null,
  ) {
    super();
    this.#way = new Way(environment);
    environment.wakes(() => this.#wake());
    environment.links(() => {
      if (environment.location.hash.length < 2) return;
      const { at } = this.#way.phase;
      if (at === 'room' || at === 'waiting' || at === 'joining') this.leave();
      this.#arrive(takeLink(environment));
    });
    this.#arrive(link);
  }

  subscribe(observer: (phase: Phase) => void): () => void {
    return this.#way.subscribe(observer);
  }

  // The way in.

  join(who: Who | null, choice: DeviceChoice): void {
    if (this.#way.phase.at === 'door') this.#enter((stay) => stay.join(who, choice));
  }

  retry(): void {
    const { phase, link } = this.#way;
    if (phase.at === 'waiting' || phase.at === 'room') this.#stay?.retry();
    if (phase.at !== 'out') return;
    if (!this.#missing || this.#stay) return this.#again();
    // A browser may remember of this page that the script did not come.
    link?.putBack();
    this.environment.renew();
  }

  #again(): void {
    const { seat, link } = this.#way;
    if (seat) this.#enter((stay) => stay.enter());
    else if (link) void this.#knock(link);
    else this.#arrive(null);
  }

  leave(): void {
    this.#arrival += 1;
    if (this.#stay) this.#stay.leave();
    else this.#way.out('LEFT');
  }

  #arrive(link: Link | null): void {
    if (link) {
      this.#way.link = link;
      this.#way.take(null);
      void this.#knock(link);
      return;
    }
    const seat = keptSeat(this.environment);
    this.#way.take(seat);
    // Nobody has pressed anything in this page yet: the browser may hold the sound back, and says so.
    if (seat) this.#enter((stay) => stay.enter());
    else this.#way.out('LINK_INVALID');
  }

  /** Asks the link what it opens. */
  async #knock(link: Link): Promise<void> {
    const arrival = ++this.#arrival;
    this.#way.become({ at: 'arriving' });
    for (let tries = 0; tries < KNOCKS; tries += 1) {
      const reply = await link.enter(null).catch((error: unknown) => error);
      if (arrival !== this.#arrival) return;
      if (reply instanceof Refused) return this.#way.out(reply.code);
      if (!(reply instanceof Error)) return this.#opened(reply as EnterReply);
      const wait = backoff(tries, this.environment.random());
      await new Promise((resolve) => setTimeout(resolve, wait));
      if (arrival !== this.#arrival) return;
    }
    this.#way.out('CONNECTION_LOST');
  }

  #opened({ title, role, name, access, choose }: EnterReply): void {
    const door: Door = { title, role, name, access, choose: choose ?? null };
    this.#way.door = door;
    this.#way.become({ at: 'door', door });
    // Whoever joins fetches it again if this fails.
    this.#fetch().catch(() => undefined);
  }

  /** Goes on to the lesson: at once if its part is here, so that a click stays a click. */
  #enter(go: (stay: Stay) => void): void {
    const arrival = ++this.#arrival;
    if (this.#stay) return go(this.#stay);
    const { door } = this.#way;
    this.#way.become(door ? { at: 'joining', door } : { at: 'arriving' });
    this.#fetch().then(
      (stay) => {
        if (arrival === this.#arrival) go(stay);
      },
      () => {
        if (arrival === this.#arrival) this.#way.out('CONNECTION_LOST');
      },
    );
  }

  #fetch(): Promise<Stay> {
    this.#fetching ??= this.environment.lesson().then(
      ({ Stay }) => (this.#stay = new Stay(this.environment, this.#way)),
      (error: unknown) => {
        this.#missing = true;
        this.#fetching = null;
        throw error;
      },
    );
    return this.#fetching;
  }

  #wake(): void {
    const { phase } = this.#way;
    // By this page: a fresh one that nobody asked for may be the browser's own, which knows nothing.
    if (phase.at === 'out' && phase.reason === 'CONNECTION_LOST') this.#again();
    this.#stay?.wake();
  }

  // In the lesson.

  protected say(message: ClientMessage): void {
    this.#stay?.say(message);
  }
  protected set(which: Switch, on: boolean): void {
    this.#stay?.set(which, on);
  }
  chooseDevices(choice: DeviceChoice): void {
    this.#stay?.chooseDevices(choice);
  }
  look(wishes: Wish[]): void {
    this.#stay?.look(wishes);
  }
  async ask(message: ClientMessage): Promise<void> {
    if (!this.#stay) throw 'CONNECTION_LOST';
    await this.#stay.ask(message);
  }
  dismissInvited = (): void => this.#stay?.dismissInvited();
  recordConsent(given: boolean): void {
    this.#stay?.recordConsent(given);
  }
  dismissStopped(): void {
    this.#stay?.dismissStopped();
  }
  dismiss(...[failure]: Parameters<Commands['dismiss']>): void {
    this.#stay?.dismiss(failure);
  }
}
