/**
 * A browser of plain values for the session's tests: nothing here is shipped.
 */
import type {
  ChatMessage,
  ClientFrame,
  Joined,
  Participant,
  Rights,
  ServerMessage,
  Snapshot,
} from '../protocol';
import type { Environment } from './environment';
import * as lesson from './stay';

/** A WebSocket whose other end is the test. */
export class FakeSocket {
  static all: FakeSocket[] = [];
  readonly sent: ClientFrame[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  static get last(): FakeSocket {
    const socket = FakeSocket.all.at(-1);
    if (!socket) throw new Error('no socket was opened');
    return socket;
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientFrame);
  }
  close(): void {
    this.closed = true;
  }
  says(message: ServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  /** All messages of this type that were sent. */
  heard<T extends ClientFrame['type']>(type: T): Extract<ClientFrame, { type: T }>[] {
    return this.sent.filter((one) => one.type === type) as Extract<ClientFrame, { type: T }>[];
  }
}

/** A track that knows whether it was stopped. */
export class FakeTrack extends EventTarget {
  stopped = false;
  contentHint = '';
  constructor(readonly kind: 'audio' | 'video') {
    super();
  }
  stop(): void {
    this.stopped = true;
  }
}

/** A stream of fake tracks. */
export class FakeStream {
  constructor(readonly tracks: FakeTrack[]) {}
  getTracks = () => this.tracks;
  getAudioTracks = () => this.tracks.filter((one) => one.kind === 'audio');
  getVideoTracks = () => this.tracks.filter((one) => one.kind === 'video');
}

/** What the test can turn and see. */
export interface World {
  environment: Environment;
  stored: Map<string, string>;
  /** What outlives the tab. */
  lasting: Map<string, string>;
  /** Replies to `/api/enter`, used up from the front; the last one stays. */
  door: { status: number; body: unknown }[];
  asked: unknown[];
  hash: string;
  /** What the address bar held when a fresh page was made; null: none was. */
  renewed: string | null;
  opened: FakeStream[];
  wake: () => void;
  /** Whether `/healthz` answers, and how often it was asked. */
  reachable: boolean;
  probes: number;
}

/** A browser without media, on a page with this fragment. */
export function world(hash: string): World {
  FakeSocket.all = [];
  const stored = new Map<string, string>();
  const lasting = new Map<string, string>();
  const open = (tracks: FakeTrack[]) => {
    const stream = new FakeStream(tracks);
    self.opened.push(stream);
    return Promise.resolve(stream as unknown as MediaStream);
  };
  const location = {
    get hash() {
      return self.hash;
    },
    host: 'school.example',
    pathname: '/j',
    protocol: 'https:',
    search: '?lang=de',
  };
  const self: World = {
    stored,
    lasting,
    door: [
      { status: 200, body: { token: 'token', title: '7b', role: 'pupil', name: 'Mia', access: 'a' } },
    ],
    asked: [],
    hash,
    renewed: null,
    opened: [],
    wake: () => {},
    reachable: true,
    probes: 0,
    environment: {
      lesson: () => Promise.resolve(lesson),
      fetch: ((path: string, init: RequestInit) => {
        if (path === '/healthz') {
          self.probes += 1;
          return self.reachable
            ? Promise.resolve(new Response('{}'))
            : Promise.reject(new TypeError('no line'));
        }
        self.asked.push(JSON.parse(String(init.body)));
        const reply = self.door.length > 1 ? self.door.shift() : self.door[0];
        if (!reply) return Promise.reject(new TypeError('no line'));
        return Promise.resolve(
          new Response(JSON.stringify(reply.body), { status: reply.status }),
        );
      }) as typeof fetch,
      WebSocket: FakeSocket as unknown as typeof WebSocket,
      RTCPeerConnection: undefined,
      codecs: () => null,
      mediaDevices: {
        getUserMedia: ({ audio }: MediaStreamConstraints) =>
          open([new FakeTrack(audio ? 'audio' : 'video')]),
        getDisplayMedia: () => open([new FakeTrack('video'), new FakeTrack('audio')]),
      } as unknown as MediaDevices,
      speaker: () => {
        throw new Error('without media nothing is played');
      },
      stream: () => {
        throw new Error('without media there are no streams');
      },
      storage: {
        getItem: (key) => stored.get(key) ?? null,
        setItem: (key, value) => void stored.set(key, value),
        removeItem: (key) => void stored.delete(key),
      },
      lasting: {
        getItem: (key) => lasting.get(key) ?? null,
        setItem: (key, value) => void lasting.set(key, value),
      },
      location,
      history: {
        replaceState: (_, __, url) => {
          self.hash = new URL(String(url), 'https://school.example').hash;
        },
      },
      machine: 'desktop',
      renew: () => void (self.renewed = self.hash),
      wakes: (callback) => {
        self.wake = callback;
        return () => {};
      },
      links: () => () => {},
      nextPress: () => () => {},
      now: () => Date.now(),
      random: () => 0.5,
      bytes: (count) => new Uint8Array(count).fill(255),
    },
  };
  return self;
}

/** What a pupil may do. */
export const RIGHTS: Rights = {
  microphone: true,
  camera: true,
  content: false,
  chat: true,
  privateChat: true,
  board: true,
  names: true,
  people: true,
  record: false,
  caption: false,
};

/** A pupil. */
export function pupil(no: number, part: Partial<Participant> = {}): Participant {
  return {
    no,
    seat: null,
    name: `P${no}`,
    role: 'pupil',
    online: true,
    rights: RIGHTS,
    locks: [],
    sending: [],
    hand: null,
    hasWord: false,
    inRoom: false,
    talk: null,
    ...part,
  };
}

/** A chat message of pupil 1 to all. */
export function line(id: number, part: Partial<ChatMessage> = {}): ChatMessage {
  return { id, from: 1, to: null, text: 'Hallo', at: 9, edited: false, shown: 'shown', ...part };
}

/** What is so in a lesson in which nothing has happened yet. */
export const CALM: Omit<Snapshot, 'participants'> = {
  chat: [],
  locks: [],
  started: 500,
  recording: null,
  recorded: [],
  policy: {
    recording: true,
    attendance: false,
    keepDays: 0,
    simpleView: false,
    talks: false,
    privateChat: [],
  },
  quiet: null,
  paused: false,
  groups: {
    count: 0,
    choice: false,
    open: false,
    until: null,
    mine: null,
    members: [],
    calls: [],
    visits: [],
    everywhere: [],
  },
  poll: null,
  tools: { spotlight: [], focus: false, announcement: null, timer: null, ready: null, picked: null },
  talks: [],
  waiting: [],
};

/** The reply to the join of pupil 2, with a snapshot. */
export function welcome(part: Partial<Joined> = {}): { type: 'joined' } & Joined {
  return {
    type: 'joined',
    version: 1,
    features: [],
    you: 2,
    title: '7b',
    lesson: 1,
    epoch: 1,
    resume: 'key-1',
    seq: 10,
    mayBeRecorded: false,
    access: 'access',
    snapshot: { ...CALM, participants: [pupil(2), pupil(1)] },
    missed: [],
    media: null,
    now: 1_000,
    ...part,
  };
}
