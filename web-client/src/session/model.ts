/**
 * The seam between `session/` (what is so) and `ui/` (how it looks): plain values and commands.
 * No DOM, no Svelte here; `ui/` reads a `Model`, calls `Commands`, and imports nothing else
 * from `session/` but the one function that creates a session.
 */
import type {
  Acted,
  ChatMessage,
  ChatTo,
  Choice,
  ClientMessage,
  ErrorCode,
  Groups,
  Kind,
  Lock,
  LockKind,
  Participant,
  Policy,
  Poll,
  Reaction,
  RecordingEnd,
  RecordingNow,
  Rights,
  Role,
  Talk,
  Tools,
  WaitFor,
  Waiter,
} from '../protocol';
/** Failures a person can meet: the protocol's codes and those of the device and the line. */
export type Failure =
  | ErrorCode
  | 'DEVICE_DENIED'
  | 'DEVICE_BUSY'
  | 'DEVICE_MISSING'
  | 'SOUND_BLOCKED'
  | 'CONNECTION_LOST'
  | 'CONNECTION_WEAK'
  | 'MEDIA_BLOCKED'
  | 'SHARE_UNAVAILABLE'
  | 'FILE_REFUSED'
  | 'RECORDING_STOPPED';

/** What the door (join page) shows before the lesson. */
export interface Door {
  title: string;
  role: Role;
  /** Set if the link is personal; otherwise the person says who they are. */
  name: string | null;
  /** Those of the roster from whom a person may choose; null: there is no roster. */
  choose: readonly Choice[] | null;
  /** Opens recordings of the room by HTTP, for some hours. */
  access: string;
}

/** Who a person says to be at the door: a name, or somebody of the roster. */
export type Who = { name: string } | { chosen: string };

/** What somebody is told who must wait. Times are in the local clock's milliseconds since 1970. */
export interface Wait {
  why: WaitFor;
  title: string;
  role: Role;
  /** The own talk. */
  talk: Talk | null;
  /** When it can be expected to begin. */
  expected: number | null;
  connection: Room['connection'];
}

/** Why something may not be done now, and by whom; 0 is the school. */
export interface Held {
  by: number;
  why: 'lock' | 'quiet' | 'pause';
}

/** A reaction that is shown for a moment. */
export interface Shown {
  who: number;
  what: Reaction;
  /** Another one for each time somebody reacts. */
  id: number;
}

/** What a teacher asks a person to switch on again. Nothing but their own press does it. */
export interface Invitation {
  source: Kind;
  by: number;
}

/** A recording that has stopped. */
export interface Stopped {
  id: string;
  why: RecordingEnd;
  /** Whether anything was recorded. */
  kept: boolean;
  /** In the local clock's milliseconds since 1970. */
  at: number;
}

/** What a lesson has left behind for those who were in it. */
export interface Past {
  role: Role;
  /** Which sitting of the room it was. */
  lesson: number;
  /** Opens recordings of the room by HTTP, for some hours. */
  access: string;
}

/** State of one of the own devices. `on` means that it is being sent. */
export type OwnSource =
  | { state: 'off' }
  | { state: 'starting' }
  | { state: 'on'; stream: MediaStream }
  | ({ state: 'locked' } & Held)
  | { state: 'failed'; failure: Failure };

/** The room as this person sees it. All times are in the local clock's milliseconds since 1970. */
export interface Room {
  me: number;
  role: Role;
  title: string;
  /** Which sitting of the room. */
  lesson: number;
  /** Opens recordings of the room by HTTP, for some hours. */
  access: string;
  /** When the lesson began. */
  started: number;
  /**
   * In seating order; includes oneself. In a lesson of more than a hundred, pupils and guests are
   * told of teachers, of themselves and of whoever is active.
   */
  people: Participant[];
  /** How many there are, also those of whom this person is not told. */
  count: number;
  /** What this person may do now, quiet and pause included. */
  rights: Rights;
  /** Why this person may not do something that their role may. */
  held: Partial<Record<LockKind, Held>>;
  /** Which teacher wants quiet. */
  quiet: number | null;
  /** The lesson rests because no teacher is there. */
  paused: boolean;
  /** Whether quiet or the pause silences this person. */
  silenced: 'quiet' | 'pause' | null;
  /** Numbers of those who were let speak, whatever is locked. */
  words: readonly number[];
  policy: Policy;
  chat: ChatMessage[];
  /** Locks that hold for all pupils and guests. */
  locks: Lock[];
  /** Who waits to be let in; for teachers. */
  waiting: Waiter[];
  /** What teachers did of late and may take back until `until`; for teachers. */
  acted: Acted[];
  groups: Groups;
  /** The last poll. */
  poll: Poll | null;
  /** How many have voted in `poll` so far; told to teachers. */
  votes: number;
  tools: Tools;
  /** All talks of the day for teachers, the own one for a family. */
  talks: Talk[];
  /** Reactions of the last moments, the newest last. */
  reactions: readonly Shown[];
  /** What a teacher asks this person to switch on again. */
  invited: Invitation | null;
  /** Sits in the classroom itself: nothing is played, and the microphone is on only while held. */
  inRoom: boolean;
  /** The recording that is announced or runs. */
  recording: RecordingNow | null;
  /** Who is in the recording: a teacher knows of all, everyone else of themselves. */
  recorded: number[];
  /** Whether the school may record this person. */
  mayBeRecorded: boolean;
  /** Whether this person has yet to say if they may be in this recording. */
  asked: boolean;
  /** The recording that stopped last, until the notice is taken away. */
  stopped: Stopped | null;
  /** Numbers of those who can be heard, loudest first. */
  speaking: number[];
  own: { microphone: OwnSource; camera: OwnSource; content: OwnSource };
  /**
   * Pictures that may be shown, by `pictureKey`. A picture is absent from the moment its slot is
   * asked for something else until the first frame of the new source is there: whatever is in
   * this map may be shown under its key's name.
   */
  pictures: ReadonlyMap<string, MediaStream>;
  /**
   * Keys of `pictures` that stand still because the line is too slow for them. Absent while
   * nothing reports it.
   */
  still?: ReadonlySet<string>;
  /** What is being said, for reading along. Absent: nobody writes captions here. */
  captions?: string;
  connection: 'ok' | 'lost' | 'lostLong';
  /** Failures to be told to the person now, newest last, each at most once. */
  notices: readonly Failure[];
}

/** Where the person is. */
export type Phase =
  | { at: 'arriving' }
  | { at: 'door'; door: Door }
  | { at: 'joining'; door: Door }
  | { at: 'waiting'; wait: Wait }
  | { at: 'room'; room: Room }
  | { at: 'out'; reason: Failure | 'LEFT'; past?: Past };

/** What the person sees in one place of the layout and how large it is there. */
export interface Wish {
  participant: number;
  kind: 'camera' | 'content';
  /** Height in device pixels. */
  height: number;
  /** Higher gives way later. */
  priority: number;
}

/** Messages that are said as they are. */
export type Act = Extract<
  ClientMessage,
  {
    type:
      | 'editChat'
      | 'deleteChat'
      | 'hideRecent'
      | 'caption'
      | 'rename'
      | 'grant'
      | 'letSpeak'
      | 'quiet'
      | 'undo'
      | 'admit'
      | 'turnAway'
      | 'toLobby'
      | 'groups'
      | 'poll'
      | 'talk'
      | 'tool';
  }
>;

/** Everything a person can do. No call throws; failures appear in the model, but those of `ask`. */
export interface Commands {
  /** Must be called inside the click: it also starts the one audio element. */
  join(who: Who | null, choice: DeviceChoice): void;
  /** Back into the lesson after `OPENED_ELSEWHERE` or `REMOVED`, or now instead of later. */
  retry(): void;
  setMicrophone(on: boolean): void;
  setCamera(on: boolean): void;
  /** Starts or stops showing the screen, with sound where the browser gives it. */
  setContent(on: boolean): void;
  chooseDevices(choice: DeviceChoice): void;
  /** The layout's wishes; the session maps them onto slots and keeps slots stable. */
  look(wishes: Wish[]): void;
  hand(up: boolean): void;
  lowerHand(who: number): void;
  /** Writes to all, to a group or to one person. */
  chat(text: string, to?: ChatTo): void;
  /** Whatever else can be said in a lesson. What the line loses is not said again. */
  act(message: Act): void;
  /** The same for whoever tells refusals themselves: rejects with the code of the refusal. */
  ask(message: ClientMessage): Promise<void>;
  mute(who: number, kind: Kind): void;
  lock(who: number | null, what: LockKind, locked: boolean): void;
  remove(who: number): void;
  /** Starts or stops the recording. It begins some seconds after all were told. */
  record(on: boolean): void;
  /** Says whether oneself may be in the recording that is announced or runs. */
  recordConsent(given: boolean): void;
  /** Takes the notice of the invitation away. */
  dismissInvited(): void;
  /** Takes the notice of the stopped recording away. */
  dismissStopped(): void;
  leave(): void;
  endForAll(): void;
  /** Takes a notice away. For `SOUND_BLOCKED`, inside the click, it also starts the sound. */
  dismiss(failure: Failure): void;
}

/** Devices by id; null is the browser's default. */
export interface DeviceChoice {
  microphone: string | null;
  camera: string | null;
  /** Whether the person wants to enter with it switched on. Both are off unless chosen. */
  startMicrophone: boolean;
  startCamera: boolean;
}

/** Key of `Room.pictures`. */
export function pictureKey(participant: number, kind: 'camera' | 'content'): string {
  return `${participant}/${kind}`;
}

/** What `ui/` holds. */
export interface Session extends Commands {
  /** Calls back at once and after every change; returns how to stop. */
  subscribe(observer: (phase: Phase) => void): () => void;
}
