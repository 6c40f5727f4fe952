/**
 * The session: a person's way from the link through the door into the room and out again.
 *
 * Commands go in, phases come out; the parts (socket, media, own sources, pictures) are wired
 * here and know nothing of each other. Invariant: outside the room nothing is open, neither
 * device nor connection.
 */
import {
  VERSION,
  type ClientMessage,
  type ErrorCode,
  type EnterReply,
  type Join,
  type Joined,
  type LessonEvent,
  type Media as Answer,
  type Role,
  type ServerMessage,
  type Waiting,
} from '../protocol';
import { backoff } from './backoff';
import { localWait } from './clock';
import { Consent } from './consent';
import { keepSeat, keptSeat, Link, Refused, takeSecret, type Seat } from './door';
import type { Environment } from './environment';
import { Media } from './media';
import type { DeviceChoice, Door, Failure, Past, Phase, Room, Session, Wait, Who, Wish } from './model';
import { Moments } from './moments';
import { Orders } from './orders';
import { Outbox } from './outbox';
import { Own, type Switch, type Told } from './own';
import { Pictures } from './pictures';
import { effective, heldBy } from './rights';
import { roomOf } from './room';
import { Socket, type SocketHooks } from './socket';
import { Speaker } from './speaker';
import { counted, happened, joined, person, type Lesson } from './state';

/** After this many milliseconds a loss is called long. */
const LONG = 30_000;
/** Tries to reach the door before the person is told. */
const KNOCKS = 5;
/** Reasons after which the seat is no longer this person's. */
const CLOSED: readonly (Failure | 'LEFT')[] = ['REMOVED', 'TURNED_AWAY', 'TALK_OVER', 'LINK_INVALID'];

/** Creates the one session of a page and goes where its address leads. */
export function createSession(environment: Environment): Session {
  return new Visit(environment);
}

class Visit extends Orders implements Session {
  #phase: Phase = { at: 'arriving' };
  #door: Door | null = null;
  #link: Link | null = null;
  #seat: Seat | null = null;
  #who: Who | null = null;
  /** Devices to switch on when the room is reached. */
  #start: readonly Switch[] = [];
  #lesson: Lesson | null = null;
  /** What the server said last of the wait for a seat; null: there is none. */
  #waiting: Omit<Wait, 'connection'> | null = null;
  #speaking: number[] = [];
  #notices: readonly Failure[] = [];
  #connection: Room['connection'] = 'ok';
  #long: ReturnType<typeof setTimeout> | undefined;
  readonly #consent = new Consent();
  /** The stop whose notice was taken away. */
  #stopSeen: string | null = null;
  /** Refusals in a row of keys that looked good. */
  #refusals = 0;
  /** Counts arrivals, so that what an earlier one still waits for is not heard. */
  #arrival = 0;
  /** The last `media` that came. */
  #answer: Answer | null = null;
  #drawing = false;
  readonly #observers = new Set<(phase: Phase) => void>();
  readonly #outbox = new Outbox();
  readonly #socket: Socket;
  readonly #media: Media;
  readonly #own: Own;
  readonly #pictures: Pictures;
  readonly #speaker: Speaker;
  readonly #moments: Moments;

  constructor(private readonly environment: Environment) {
    super();
    const changed = () => this.#changed();
    this.#moments = new Moments(changed);
    this.#speaker = new Speaker(environment, (blocked) => this.#tell('SOUND_BLOCKED', blocked));
    this.#pictures = new Pictures(environment, {
      post: (message) => void this.#socket.post(message),
      changed,
    });
    this.#own = new Own(environment, () => this.#role, {
      changed,
      failed: (failure) => this.#tell(failure, true),
      announce: (kind, on) => this.#socket.post({ type: 'send', kind, on }),
      attach: (kind, track) => this.#media.send(kind, track),
    });
    this.#media = new Media(environment, {
      exchange: (offer) => this.#exchange(offer),
      play: (heard) => this.#speaker.play(heard),
      ready: (peer) => {
        this.#own.attachAll();
        this.#pictures.connect(peer);
      },
      changed: () => this.#judge(),
    });
    this.#socket = new Socket(environment, {
      hello: () => this.#hello(),
      joined: (reply) => this.#joined(reply),
      waiting: (told) => this.#mustWait(told),
      message: (message) => this.#message(message),
      lost: () => this.#judge(),
      refused: (code) => this.#refused(code),
      over: (code) => this.#out(code),
    });
    environment.wakes(() => this.#wake());
    environment.links(() => {
      if (environment.location.hash.length < 2) return;
      if (this.#phase.at === 'room' || this.#phase.at === 'waiting') this.leave();
      this.#arrive();
    });
    this.#arrive();
  }

  subscribe(observer: (phase: Phase) => void): () => void {
    // A wrapper of its own, so that one observer may subscribe twice.
    const entry = (phase: Phase) => observer(phase);
    this.#observers.add(entry);
    entry(this.#phase);
    return () => this.#observers.delete(entry);
  }

  join(who: Who | null, choice: DeviceChoice): void {
    if (this.#phase.at !== 'door') return;
    this.#who = who;
    void this.#own.choose(choice);
    this.#start = [
      ...(choice.startMicrophone ? (['microphone'] as const) : []),
      ...(choice.startCamera ? (['camera'] as const) : []),
    ];
    this.#enter();
  }

  retry(): void {
    if (this.#phase.at === 'waiting') {
      this.#socket.nudge();
    } else if (this.#phase.at === 'room') {
      this.#socket.nudge();
      this.#media.repair();
    } else if (this.#phase.at === 'out') {
      if (this.#seat) this.#enter();
      else if (this.#link) void this.#knock(this.#link);
      else this.#arrive();
    }
  }

  chooseDevices(choice: DeviceChoice): void {
    void this.#own.choose(choice);
  }
  look(wishes: Wish[]): void {
    this.#pictures.wish(wishes);
  }
  async ask(message: ClientMessage): Promise<void> {
    const told: Told = this.#lesson ? await this.#socket.post(message) : 'lost';
    // The codes of the line stand in the same catalogue as the server's.
    if (told !== 'ok') throw told === 'lost' ? 'CONNECTION_LOST' : told;
  }
  dismissInvited = (): void => this.#moments.decline();
  recordConsent(given: boolean): void {
    const recording = this.#lesson?.recording;
    if (!this.#lesson || !recording || !this.#consent.say(this.#lesson, given)) return;
    this.say({ type: 'recordConsent', ...(given ? { to: recording.id } : {}) });
    this.#changed();
  }
  dismissStopped(): void {
    this.#stopSeen = this.#lesson?.stopped?.id ?? null;
    this.#changed();
  }

  leave(): void {
    void this.#socket.post({ type: 'leave' });
    this.#out('LEFT');
  }

  dismiss(failure: Failure): void {
    if (failure === 'SOUND_BLOCKED') this.#speaker.start();
    this.#tell(failure, false);
  }

  get #role(): Role {
    return this.#seat?.role ?? this.#door?.role ?? 'pupil';
  }

  // The way in.

  #arrive(): void {
    const secret = takeSecret(this.environment);
    if (secret !== null) {
      this.#link = new Link(this.environment, secret);
      this.#seat = null;
      void this.#knock(this.#link);
      return;
    }
    this.#seat = keptSeat(this.environment);
    // Nobody has pressed anything in this page yet: the browser may hold the sound back, and says so.
    if (this.#seat) this.#enter();
    else this.#out('LINK_INVALID');
  }

  /** Asks the link what it opens. */
  async #knock(link: Link): Promise<void> {
    const arrival = ++this.#arrival;
    this.#become({ at: 'arriving' });
    for (let tries = 0; tries < KNOCKS; tries += 1) {
      const reply = await link.enter(null).catch((error: unknown) => error);
      if (arrival !== this.#arrival) return;
      if (reply instanceof Refused) return this.#out(reply.code);
      if (!(reply instanceof Error)) {
        const { title, role, name, access, choose = null } = reply as EnterReply;
        this.#door = { title, role, name, access, choose };
        return this.#become({ at: 'door', door: this.#door });
      }
      const wait = backoff(tries, this.environment.random());
      await new Promise((resolve) => setTimeout(resolve, wait));
      if (arrival !== this.#arrival) return;
    }
    this.#out('CONNECTION_LOST');
  }

  /** Takes the seat; inside the click where there was one, so that sound may start. */
  #enter(): void {
    this.#arrival += 1;
    this.#become(this.#door ? { at: 'joining', door: this.#door } : { at: 'arriving' });
    this.#media.open(this.#role);
    if (!this.#media.peer) this.#tell('BROWSER_OLD', true);
    this.#socket.start();
    this.#judge();
  }

  async #hello(): Promise<Join> {
    const [offer, opens] = await Promise.all([this.#media.joinOffer(), this.#opens()]);
    return {
      version: VERSION,
      features: [],
      with: opens,
      ...(offer === undefined ? {} : { offer }),
      ...(this.#lesson && this.#seat ? { since: this.#lesson.seq } : {}),
    };
  }

  async #opens(): Promise<Join['with']> {
    if (this.#seat) return { resume: this.#seat.resume };
    try {
      if (!this.#link) throw new Refused('LINK_INVALID');
      return { token: await this.#link.token(this.#who) };
    } catch (error) {
      if (error instanceof Refused) this.#out(error.code);
      throw error;
    }
  }

  #refused(code: ErrorCode): boolean {
    this.#refusals += 1;
    switch (code) {
      case 'RESUME_INVALID':
        this.#forget();
        return this.#link !== null;
      case 'TOKEN_INVALID':
        return this.#refusals < 3;
      case 'OFFER_INVALID':
      case 'BAD_MESSAGE':
        return false;
      default:
        return true;
    }
  }

  #joined(reply: Joined): boolean {
    const before = this.#lesson;
    // Two owners of one lesson: the older one's word does not count any more.
    if (before && before.lesson === reply.lesson && reply.epoch < before.epoch) return false;
    this.#lesson = joined(before, reply, this.environment.now());
    this.#seat = { resume: reply.resume, role: this.#role };
    const me = this.#lesson && person(this.#lesson, reply.you);
    if (!this.#lesson || !me) {
      keepSeat(this.environment, this.#seat);
      this.#lesson = null;
      return false;
    }
    const waited = this.#waiting !== null;
    this.#waiting = null;
    this.#seat.role = me.role;
    keepSeat(this.environment, this.#seat);
    this.#refusals = 0;
    this.#consent.check(this.#lesson);
    this.#permit();
    this.#speaker.mute(me.inRoom);
    this.#own.reconcile(me.sending);
    this.#pictures.people(this.#lesson.people, this.#lesson.me);
    if (reply.media) void this.#media.answered(reply.media);
    else if (waited) this.#media.offer();
    else if (before && before.epoch !== reply.epoch) this.#media.replace();
    else {
      this.#pictures.again();
      this.#media.repair();
    }
    for (const message of this.#outbox.take(this.#lesson)) this.say(message);
    this.#judge();
    // Hearing is on its way; only now may the browser ask for devices.
    for (const which of this.#start) this.set(which, true);
    this.#start = [];
    this.#changed();
    return true;
  }

  /**
   * There is no seat yet, or no longer: nothing is sent or shown, and devices are closed. Those
   * that were chosen at the door are opened when the seat is there.
   */
  #mustWait(told: Waiting): void {
    const sat = this.#lesson !== null;
    this.#lesson = null;
    this.#waiting = localWait(told, this.#role, this.environment.now());
    this.#seat = { resume: told.resume, role: this.#role };
    keepSeat(this.environment, this.#seat);
    this.#refusals = 0;
    if (sat) this.#rise();
    this.#judge();
    this.#changed();
  }

  /** Gives up what belongs to a seat; the line stays. */
  #rise(): void {
    this.#own.stop();
    this.#pictures.stop();
    this.#moments.stop();
    this.#outbox.clear();
    this.#speaking = [];
    this.#notices = [];
    this.#media.open(this.#role);
  }

  // In the room.

  #message(message: Parameters<SocketHooks['message']>[0]): void {
    switch (message.type) {
      case 'event':
        return this.#event(message);
      case 'media':
        return void (this.#answer = message);
      case 'slots':
        return this.#pictures.told(message.slots);
      case 'speaking':
        this.#speaking = message.who;
        return this.#changed();
      case 'reaction':
        return this.#moments.reacted(message.who, message.what);
      case 'count':
        this.#lesson &&= counted(this.#lesson, message.people);
        return this.#changed();
      case 'votes':
        return this.#moments.voted(message.poll, message.count);
      case 'mediaLost':
        return this.#media.replace();
      case 'error':
        return this.#tell(message.code, true);
      default:
        return;
    }
  }

  #event(stamped: Extract<ServerMessage, { type: 'event' }>): void {
    if (!this.#lesson) return;
    const lesson = happened(this.#lesson, stamped);
    if (!lesson) {
      // An event is missing: the way back brings it.
      this.#socket.stop();
      this.#socket.start();
      return this.#judge();
    }
    this.#lesson = lesson;
    this.#pictures.people(lesson.people, lesson.me);
    this.#concerns(lesson.me, stamped.event);
    this.#changed();
  }

  /** What an event means for the own devices and stay. */
  #concerns(me: number, event: LessonEvent): void {
    switch (event.kind) {
      case 'sending':
        // The own word comes back too, perhaps after a newer press: it changes nothing.
        if (event.who === me && event.by !== me && !event.on) this.#own.muted(event.source);
        if (event.who === me && event.on) this.#moments.decline(event.source);
        return;
      case 'rights':
      case 'letSpeak':
        if (event.who === me) this.#permit();
        return;
      case 'quiet':
      case 'paused':
        return this.#permit();
      case 'inRoom':
        if (event.who === me) this.#placed(event.on);
        return;
      case 'invited':
        if (event.who === me) this.#moments.invite(event.source, event.by);
        return;
      case 'caption':
        return this.#moments.captioned(() => this.#read());
      case 'recorded':
        if (event.who === me && this.#lesson) this.#consent.check(this.#lesson);
        return;
      case 'removed':
        if (event.who === me) this.#out('REMOVED');
        return;
      case 'ended':
        return this.#out('LESSON_ENDED');
      default:
        return;
    }
  }

  /** Holds the own devices to what this person may do now. Switches nothing on. */
  #permit(): void {
    const lesson = this.#lesson;
    const me = lesson && person(lesson, lesson.me);
    if (!lesson || !me) return;
    const rights = effective(lesson, me);
    for (const which of ['microphone', 'camera', 'content'] as const) {
      this.#own.permit(which, rights[which], heldBy(lesson, me, which));
      if (!rights[which]) this.#moments.decline(which);
    }
  }

  /** In the classroom its loudspeaker plays; a microphone that stays on would hear it. */
  #placed(inRoom: boolean): void {
    this.#speaker.mute(inRoom);
    if (inRoom) void this.#own.set('microphone', false);
  }

  /** Nobody has written captions for a while. */
  #read(): void {
    if (!this.#lesson?.captions) return;
    this.#lesson = { ...this.#lesson, captions: [] };
    this.#changed();
  }

  protected set(which: Switch, on: boolean): void {
    const me = this.#lesson && person(this.#lesson, this.#lesson.me);
    if (!this.#lesson || !me) return;
    if (on && !effective(this.#lesson, me)[which]) {
      // A lock says so itself, on its control.
      if (this.#own.state[which].state !== 'locked') this.#tell('DENIED', true);
      return;
    }
    if (on) this.#moments.decline(which);
    void this.#own.set(which, on);
  }

  protected say(message: ClientMessage): void {
    const { at } = this.#phase;
    if (at !== 'room' && !this.#socket.live) return;
    const lesson = this.#lesson;
    void this.#socket.post(message).then((told: Told) => {
      if (told !== 'ok' && message.type === 'recordConsent') {
        this.#consent.unheard();
        this.#changed();
      }
      if (told === 'lost') this.#outbox.keep(message, lesson);
      // Whoever it was about has just gone: the list says so already.
      else if (told !== 'ok' && told !== 'NOT_FOUND') this.#tell(told, true);
    });
  }

  /**
   * Sends a later offer. Its answer is the `media` just before its `ok`: an abandoned offer may be
   * answered too, and its answer fits no other.
   */
  async #exchange(offer: string): Promise<Answer | null> {
    const told = await this.#socket.post({ type: 'offer', offer });
    return told === 'ok' ? this.#answer : null;
  }

  // Lost and found.

  #wake(): void {
    if (this.#phase.at === 'out' && this.#phase.reason === 'CONNECTION_LOST') this.retry();
    this.#socket.nudge();
    this.#speaker.start();
  }

  /** Compares what should be with what is. */
  #judge(): void {
    const { at } = this.#phase;
    if (at === 'out' || at === 'door') return;
    const { state } = this.#media;
    const lost = !this.#socket.up || (this.#waiting === null && state === 'lost');
    if (lost && this.#connection === 'ok') {
      this.#connection = 'lost';
      this.#long = setTimeout(() => this.#waited(), LONG);
    } else if (!lost && this.#connection !== 'ok') {
      this.#connection = 'ok';
      clearTimeout(this.#long);
    }
    this.#tell('CONNECTION_LOST', lost && this.#lesson !== null);
    this.#tell('MEDIA_BLOCKED', !lost && this.#lesson !== null && state === 'never');
    this.#changed();
  }

  #waited(): void {
    // Whoever has seen neither room nor queue is told; all others stay where they are.
    if (!this.#lesson && !this.#waiting) return this.#out('CONNECTION_LOST');
    this.#connection = 'lostLong';
    this.#changed();
  }

  // The way out.

  #forget(): void {
    this.#seat = null;
    this.#lesson = null;
    this.#waiting = null;
    keepSeat(this.environment, null);
  }

  #out(reason: Failure | 'LEFT'): void {
    this.#arrival += 1;
    this.#socket.stop();
    this.#own.stop();
    this.#pictures.stop();
    this.#media.close();
    this.#speaker.stop();
    this.#outbox.clear();
    this.#answer = null;
    clearTimeout(this.#long);
    this.#connection = 'ok';
    const past = this.#past();
    this.#consent.forget();
    this.#moments.stop();
    this.#waiting = null;
    this.#stopSeen = null;
    this.#lesson = null;
    this.#speaking = [];
    this.#notices = [];
    this.#start = [];
    this.#refusals = 0;
    const goodbye = reason === 'LEFT' || reason === 'LESSON_ENDED';
    if (goodbye || CLOSED.includes(reason)) this.#forget();
    this.#become({ at: 'out', reason, ...(goodbye && past ? { past } : {}) });
  }

  #past(): Past | null {
    const lesson = this.#lesson;
    return lesson && { role: this.#role, lesson: lesson.lesson, access: lesson.access };
  }

  #tell(failure: Failure, so: boolean): void {
    if (this.#notices.includes(failure) === so) return;
    const others = this.#notices.filter((one) => one !== failure);
    this.#notices = so ? [...others, failure] : others;
    this.#changed();
  }

  /** Draws the room once for all that changes in this turn. */
  #changed(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      const room = this.#room();
      if (room) this.#become({ at: 'room', room });
      else if (this.#waiting && this.#phase.at !== 'out') {
        this.#become({ at: 'waiting', wait: { ...this.#waiting, connection: this.#connection } });
      }
    });
  }

  #become(phase: Phase): void {
    this.#phase = phase;
    for (const observer of this.#observers) observer(phase);
  }

  #room(): Room | null {
    const lesson = this.#lesson;
    if (!lesson || this.#phase.at === 'out') return null;
    return roomOf(lesson, {
      role: this.#role,
      asked: this.#consent.asks(lesson),
      stopSeen: this.#stopSeen,
      speaking: this.#speaking,
      own: { ...this.#own.state },
      pictures: this.#pictures.shown,
      connection: this.#connection,
      notices: this.#notices,
      moments: this.#moments,
    });
  }
}
