/**
 * The own microphone, camera and content: what is open, what is sent, what is locked.
 *
 * Invariants: a device is open only while it is sent, so its light tells the truth; off means that
 * no packet leaves (the track is taken off the line) and nothing but the person's own press
 * switches anything on.
 */
import type { ErrorCode, Kind, Role } from '../protocol';
import { close, openCamera, openMicrophone, openScreen, type Opened } from './devices';
import type { Environment } from './environment';
import type { DeviceChoice, Failure, Held, OwnSource } from './model';

/** What can be switched. */
export type Switch = 'microphone' | 'camera' | 'content';

/** Answer to an announcement: taken, gone with the connection, or refused. */
export type Told = 'ok' | 'lost' | ErrorCode;

/** Where the sources lead. */
export interface OwnHooks {
  changed: () => void;
  failed: (failure: Failure) => void;
  announce: (kind: Kind, on: boolean) => Promise<Told>;
  attach: (kind: Kind, track: MediaStreamTrack | null) => void;
}

const SWITCHES: readonly Switch[] = ['microphone', 'camera', 'content'];

export class Own {
  readonly state: Record<Switch, OwnSource> = {
    microphone: { state: 'off' },
    camera: { state: 'off' },
    content: { state: 'off' },
  };
  /** Counts the presses, so that a device that opens too late is closed again. */
  readonly #press: Record<Switch, number> = { microphone: 0, camera: 0, content: 0 };
  /** Switched on here, not yet known to the server. */
  readonly #untold = new Set<Kind>();
  #choice: DeviceChoice = {
    microphone: null,
    camera: null,
    startMicrophone: false,
    startCamera: false,
  };

  constructor(
    private readonly environment: Environment,
    private readonly role: () => Role,
    private readonly hooks: OwnHooks,
  ) {}

  /** The person presses a switch. The screen's chooser opens inside the press. */
  async set(which: Switch, on: boolean): Promise<void> {
    const { state } = this.state[which];
    if (!on) return this.#stop(which, { state: 'off' });
    if (state === 'on' || state === 'starting' || state === 'locked') return;
    await this.#start(which);
  }

  /** Other devices from now on; those in use are changed at once. */
  async choose(choice: DeviceChoice): Promise<void> {
    const before = this.#choice;
    this.#choice = choice;
    for (const which of ['microphone', 'camera'] as const) {
      if (before[which] !== choice[which] && this.state[which].state === 'on') {
        await this.#reopen(which);
      }
    }
  }

  /** What may not be sent, and why if somebody holds it. Stops at once. */
  permit(which: Switch, allowed: boolean, held: Held | null): void {
    const { state } = this.state[which];
    if (allowed) {
      if (state === 'locked') this.#become(which, { state: 'off' });
      return;
    }
    const next: OwnSource = held === null ? { state: 'off' } : { state: 'locked', ...held };
    if (state === next.state && state !== 'locked') return;
    this.#stop(which, next);
  }

  /** The teacher switched something off. */
  muted(kind: Kind): void {
    if (kind === 'contentAudio') {
      const content = this.state.content;
      if (content.state !== 'on') return;
      for (const track of content.stream.getAudioTracks()) track.stop();
      this.hooks.attach('contentAudio', null);
    } else {
      this.#untold.delete(kind);
      this.#stop(kind, { state: 'off' }, false);
    }
  }

  /**
   * After the connection came back: what the server believes is on, against what is. The word that
   * sends less holds, but for a press that never reached the server.
   */
  reconcile(believed: readonly Kind[]): void {
    for (const which of SWITCHES) {
      const on = this.state[which].state === 'on';
      if (on && this.#untold.has(which)) this.#announce(which);
      else if (on && !believed.includes(which)) this.#stop(which, { state: 'off' }, false);
      else if (!on && believed.includes(which)) void this.hooks.announce(which, false);
    }
    if (believed.includes('contentAudio') && !this.#sound()) {
      void this.hooks.announce('contentAudio', false);
    }
  }

  /** Puts everything that is on onto the lines of a new connection. */
  attachAll(): void {
    for (const which of SWITCHES) {
      const now = this.state[which];
      if (now.state === 'on') this.#attach(which, now.stream);
    }
  }

  /** Closes every device. */
  stop(): void {
    for (const which of SWITCHES) this.#stop(which, { state: 'off' }, false);
  }

  async #start(which: Switch): Promise<void> {
    const press = ++this.#press[which];
    this.#become(which, { state: 'starting' });
    const opened = await this.#open(which);
    if (press !== this.#press[which]) {
      if ('stream' in opened) close(opened.stream);
      return;
    }
    if (!('stream' in opened)) return this.#fail(which, opened.failure);
    this.#run(which, opened.stream);
    this.#announce(which);
  }

  /** The device in use changed or was unplugged: another one, and no word to the others. */
  async #reopen(which: 'microphone' | 'camera'): Promise<void> {
    const now = this.state[which];
    if (now.state !== 'on') return;
    const press = ++this.#press[which];
    // Some systems open no second device while the first is in use.
    close(now.stream);
    const opened = await this.#open(which);
    if (press !== this.#press[which]) {
      if ('stream' in opened) close(opened.stream);
    } else if ('stream' in opened) {
      this.#run(which, opened.stream);
    } else {
      this.#stop(which, { state: 'off' });
      this.#fail(which, opened.failure);
    }
  }

  #open(which: Switch): Promise<Opened> {
    switch (which) {
      case 'microphone':
        return openMicrophone(this.environment, this.#choice.microphone);
      case 'camera':
        return openCamera(this.environment, this.#choice.camera, this.role());
      case 'content':
        return openScreen(this.environment);
    }
  }

  #run(which: Switch, stream: MediaStream): void {
    const main = which === 'microphone' ? stream.getAudioTracks()[0] : stream.getVideoTracks()[0];
    // Comes when a device is unplugged or the browser's own "stop sharing" is pressed, not after
    // our own stop().
    main?.addEventListener('ended', () => {
      const now = this.state[which];
      if (now.state !== 'on' || now.stream !== stream) return;
      if (which === 'content') this.#stop(which, { state: 'off' });
      else void this.#reopen(which);
    });
    this.#attach(which, stream);
    this.#become(which, { state: 'on', stream });
  }

  #attach(which: Switch, stream: MediaStream): void {
    const [sound = null] = stream.getAudioTracks();
    const [picture = null] = stream.getVideoTracks();
    this.hooks.attach(which, which === 'microphone' ? sound : picture);
    if (which === 'content') this.hooks.attach('contentAudio', sound);
  }

  #stop(which: Switch, next: OwnSource, tell = true): void {
    this.#press[which] += 1;
    const now = this.state[which];
    if (now.state === 'on') {
      const kinds: Kind[] = which === 'content' ? ['content', 'contentAudio'] : [which];
      for (const kind of kinds) {
        const sent = kind !== 'contentAudio' || this.#sound() !== null;
        this.#untold.delete(kind);
        this.hooks.attach(kind, null);
        if (tell && sent) void this.hooks.announce(kind, false);
      }
      close(now.stream);
    }
    this.#become(which, next);
  }

  #announce(which: Switch): void {
    void this.#tell(which, which);
    if (which === 'content' && this.#sound()) void this.#tell('contentAudio', which);
  }

  async #tell(kind: Kind, which: Switch): Promise<void> {
    const press = this.#press[which];
    this.#untold.add(kind);
    const told = await this.hooks.announce(kind, true);
    if (told === 'lost' || press !== this.#press[which]) return;
    this.#untold.delete(kind);
    if (told === 'ok') return;
    if (kind === which) this.#stop(which, { state: 'off' }, false);
    this.hooks.failed(told);
  }

  #fail(which: Switch, failure: Failure | null): void {
    this.#become(which, failure ? { state: 'failed', failure } : { state: 'off' });
    if (failure) this.hooks.failed(failure);
  }

  #sound(): MediaStreamTrack | null {
    const { content } = this.state;
    return content.state === 'on' ? (content.stream.getAudioTracks()[0] ?? null) : null;
  }

  #become(which: Switch, next: OwnSource): void {
    this.state[which] = next;
    this.hooks.changed();
  }
}
