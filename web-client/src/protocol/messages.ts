// Written by `cargo xtask generate` from signaling/protocol. Do not edit.

/** Version of the protocol. */
export const VERSION = 1;

/** Bytes of one WebSocket frame, but for the one that carries an offer. */
export const MAX_FRAME = 64 * 1024;

/** Bytes of a compressed offer in base64url. */
export const MAX_OFFER_WIRE = 16 * 1024;

/** Bytes of an offer after inflating. */
export const MAX_OFFER_TEXT = 256 * 1024;

/** Media lines of an offer. */
export const MAX_OFFER_LINES = 64;

/** Characters of a chat message. */
export const MAX_CHAT_CHARS = 2_000;

/** Characters of a name. */
export const MAX_NAME_CHARS = 64;

/** Video slots of a view. */
export const MAX_VIEW_SLOTS = 64;

/** Messages a second that one connection may send for long. */
export const MESSAGES_PER_SECOND = 50;

/** Messages that one connection may send at once. */
export const MESSAGE_BURST = 200;

/** A message from a browser. The first one on a connection is `join`. */
export type ClientMessage =
  | { type: 'join' } & Join
  | {
      type: 'offer';
      /** The offer, deflated (RFC 1951, raw) and in base64url without padding. */
      offer: string;
    }
  | {
      type: 'view';
      /** One wish for each video slot in use. */
      slots: SlotWish[];
    }
  | {
      type: 'send';
      /** Which publication. */
      kind: Kind;
      /** On or off. */
      on: boolean;
    }
  | {
      type: 'hand';
      /** Up or down. */
      up: boolean;
    }
  | {
      type: 'lowerHand';
      /** Whose. */
      who: number;
    }
  | {
      type: 'chat';
      /** Plain text. */
      text: string;
    }
  | {
      type: 'mute';
      /** Whose. */
      who: number;
      /** What. */
      kind: Kind;
    }
  | {
      type: 'lock';
      /** Whose; absent: all pupils and guests, those who come later too. */
      who?: number;
      /** What. */
      what: LockKind;
      /** Locked or not. */
      locked: boolean;
    }
  | {
      type: 'remove';
      /** Whose. */
      who: number;
    }
  | {
      type: 'record';
      /** On or off. */
      on: boolean;
    }
  | {
      type: 'recordConsent';
      /** The recording that it is a yes to. Absent: no, to whatever is recorded. */
      to?: string;
    }
  | { type: 'end' }
  | { type: 'leave' }
  | { type: 'ping' };

/** One frame from a browser: a message and, if the sender wants to be answered, a number. */
export type ClientFrame = {
  /** Chosen by the sender; the server's `ok` or `error` repeats it. */
  ref?: number;
} & ClientMessage;

/** A message to a browser. */
export type ServerMessage =
  | { type: 'joined' } & Joined
  | { type: 'media' } & Media
  | { type: 'event' } & Stamped
  | {
      type: 'slots';
      /** The changed slots. */
      slots: SlotNow[];
    }
  | {
      type: 'speaking';
      /** Numbers of participants. */
      who: number[];
    }
  | {
      type: 'ok';
      /** The number that the client chose. */
      ref: number;
    }
  | { type: 'error' } & ErrorReply
  | { type: 'mediaLost' }
  | {
      type: 'closed';
      /** Why. */
      code: ErrorCode;
    }
  | { type: 'pong' };

/** Something that happened in a lesson. A client skips kinds that it does not know. */
export type LessonEvent =
  | {
      kind: 'joined';
      /** Who. */
      participant: Participant;
    }
  | {
      kind: 'left';
      /** Who. */
      who: number;
    }
  | {
      kind: 'online';
      /** Whose. */
      who: number;
      /** Whether it is connected. */
      online: boolean;
    }
  | {
      kind: 'sending';
      /** Whose. */
      who: number;
      /** Which. */
      source: Kind;
      /** On or off. */
      on: boolean;
      /** Who did it. */
      by: number;
    }
  | {
      kind: 'rights';
      /** Whose. */
      who: number;
      /** What the participant may do now. */
      rights: Rights;
      /** Why. */
      locks: Lock[];
    }
  | {
      kind: 'locks';
      /** All of them. */
      locks: Lock[];
    }
  | {
      kind: 'hand';
      /** Whose. */
      who: number;
      /** Its place in the order of raising; absent: down. */
      hand: number | null;
    }
  | {
      kind: 'chat';
      /** The message. */
      message: ChatMessage;
    }
  | {
      kind: 'removed';
      /** Whose. */
      who: number;
      /** Which teacher. */
      by: number;
    }
  | {
      kind: 'recording';
      /** What is so now; null: nothing is recorded. */
      recording: RecordingNow | null;
      /** Why the recording before stopped, if one has. */
      stopped: RecordingStopped | null;
    }
  | {
      kind: 'recorded';
      /** Who. */
      who: number;
      /** In it or not. */
      on: boolean;
    }
  | {
      kind: 'ended';
      /** Which teacher ended it; absent: the server did. */
      by: number | null;
    };

/** A chat message. */
export type ChatMessage = {
  /** Number within the lesson, from 1. */
  id: number;
  /** The author's number. */
  from: number;
  /** Plain text. */
  text: string;
  /** When the server took it: milliseconds since 1970 UTC. */
  at: number;
};

/** Somebody of a room's roster. */
export type Choice = {
  /** What to send as `chosen`. It stays the same while the person is on the roster. */
  id: string;
  /** The name to show. */
  name: string;
};

/** Reply to `POST /api/recordings/{id}/download`. */
export type Download = {
  /** Where the file can be fetched for one minute, without a header. */
  url: string;
};

/** Reply to `POST /api/enter`. A refusal is an [`ErrorReply`] with status 4xx. */
export type EnterReply = {
  /** The join token; absent if somebody must say who they are first. */
  token: string | null;
  /** The room's title. */
  title: string;
  /** The role that the link gives. */
  role: Role;
  /** The name, if the link is personal or the choice has one. */
  name: string | null;
  /**
   * Those of the room from whom a person who comes by a class link may choose; absent if there
   * is no roster. Whoever chooses or says a name waits until a teacher lets them in.
   */
  choose?: Choice[];
  /** Opens recordings of this room by HTTP (`Authorization: Bearer`), for some hours. */
  access: string;
};

/** Body of `POST /api/enter`: exchanges a link for a join token. */
export type EnterRequest = {
  /** The secret part of the link. */
  link: string;
  /** The name to show, for a link that is not personal. */
  name?: string;
  /** Whom of `choose` the person says to be, instead of a name. */
  chosen?: string;
  /**
   * 128 random bits in base64url, made by this browser and kept in it, so that somebody removed
   * does not come back under another name. The lesson learns its hash.
   */
  device?: string;
};

/** Stable code of every failure that a person or a client program can meet. */
export type ErrorCode =
  | 'LINK_EXPIRED'
  | 'LINK_INVALID'
  | 'TOKEN_INVALID'
  | 'RESUME_INVALID'
  | 'REMOVED'
  | 'OPENED_ELSEWHERE'
  | 'LESSON_ENDED'
  | 'BROWSER_OLD'
  | 'OFFER_INVALID'
  | 'DENIED'
  | 'NOT_FOUND'
  | 'BAD_MESSAGE'
  | 'TOO_MANY'
  | 'BAD_TEXT'
  | 'DEGRADED'
  | 'FULL'
  | 'GOING_AWAY'
  | 'INTERNAL';

/** A refusal. */
export type ErrorReply = {
  /** The number of the refused message; absent: the connection itself is refused. */
  ref?: number;
  /** Stable code. */
  code: ErrorCode;
  /** One English sentence for the developer of a client. People read the text of the code. */
  message: string;
};

/** A piece of a recording. */
export type FragmentInfo = {
  /** When it begins: milliseconds from the beginning. */
  start: number;
  /** Where it stands: bytes from the beginning. */
  offset: number;
  /** How long it is: bytes. */
  length: number;
  /** A player can begin here. */
  keyframe: boolean;
};

/** The first message of a connection. */
export type Join = {
  /** Protocol version of the client: 1. */
  version: number;
  /** Optional abilities of the client, by name. Unknown names are ignored. */
  features: string[];
  /** What opens the door. */
  with: JoinWith;
  /**
   * The offer, deflated and in base64url. Absent: join without media, or keep the media of
   * the peer connection that this seat still has.
   */
  offer?: string;
  /**
   * Sequence of the last event this client has: the reply then brings `missed` events instead
   * of a snapshot where it can.
   */
  since?: number;
};

/** What opens the door: a token from the link, or the key of a seat held before. */
export type JoinWith = { token: string } | { resume: string };

/** The reply to `join`. */
export type Joined = {
  /** Protocol version of the server. */
  version: number;
  /** Optional abilities of the server, by name. */
  features: string[];
  /** The own number. */
  you: number;
  /** Whether the school may record this person: then `recordConsent` can be given. */
  mayBeRecorded: boolean;
  /** Opens recordings of this room by HTTP (`Authorization: Bearer`), for some hours. */
  access: string;
  /** The room's title. */
  title: string;
  /** Which sitting of the room this is. */
  lesson: number;
  /** Epoch of the lesson's owner; obey only the highest seen. */
  epoch: number;
  /** Opens this seat again. Replaces the key used before, which stays valid for 30 s. */
  resume: string;
  /** Sequence of the last event that `snapshot` or `missed` contains. */
  seq: number;
  /** The whole state; absent if `missed` brings the client up to date. */
  snapshot: Snapshot | null;
  /** Events after the client's `since`, oldest first. */
  missed: Stamped[];
  /** The answer to the offer, if there was one. */
  media: Media | null;
  /** The server's clock: milliseconds since 1970 UTC. */
  now: number;
};

/** One thing a participant can send. */
export type Kind = 'microphone' | 'camera' | 'content' | 'contentAudio';

/** A lock and the teacher who set it. */
export type Lock = {
  /** What is locked. */
  what: LockKind;
  /** The number of the teacher who locked it. */
  by: number;
};

/** What can be locked. */
export type LockKind = 'microphone' | 'camera' | 'content' | 'chat';

/** The answer to an offer. */
export type Media = {
  /** SDP text of type answer. */
  answer: string;
  /** Number of audio slots: the receiving audio lines in their order. */
  audioSlots: number;
  /** Number of video slots: the receiving video lines in their order. */
  videoSlots: number;
};

/** A person in the lesson as the reader may see them. */
export type Participant = {
  /** Number within the lesson, from 1, never reused. Also the seating order. */
  no: number;
  /** The name to show. Plain text. */
  name: string;
  /** Role. */
  role: Role;
  /** Whether a connection is open at this moment; a seat is kept without one. */
  online: boolean;
  /** What the participant may do. */
  rights: Rights;
  /** The locks that explain `rights`. */
  locks: Lock[];
  /** What the participant has switched on. */
  sending: Kind[];
  /**
   * If the hand is up, its place in the order in which hands were raised (not an index: the
   * smallest is first in the queue).
   */
  hand: number | null;
};

/** Why a recording ended. */
export type RecordingEnd = 'ordered' | 'storageFull' | 'storageFailed' | 'interrupted';

/**
 * Reply to `GET /api/recordings/{id}`: what a player needs. Bytes are fetched with `Range` from
 * `/api/recordings/{id}/media`.
 */
export type RecordingIndex = {
  /** The room's title. */
  title: string;
  /** The recording. */
  recording: RecordingInfo;
  /** Whether the reader may release and delete it. */
  manages: boolean;
  /** Type of the media with its codecs, for `MediaSource`. */
  mime: string;
  /** Length of the initialization segment, which stands at the beginning: bytes. */
  init: number;
  /** The fragments in order. While the recording runs, ask again for those that follow. */
  fragments: FragmentInfo[];
};

/** A recording in the list. */
export type RecordingInfo = {
  /** Its id. */
  id: string;
  /** Which sitting of the room. */
  lesson: number;
  /** When it began: milliseconds since 1970 UTC. */
  started: number;
  /** How long it is: milliseconds. */
  length: number;
  /** How large it is: bytes. */
  bytes: number;
  /** It is still being made. */
  running: boolean;
  /** It can be watched by everyone of the room, not by teachers alone. */
  released: boolean;
  /** When it is deleted: milliseconds since 1970 UTC. */
  keptUntil: number;
};

/** A recording that is announced or runs. */
export type RecordingNow = {
  /** Its id. */
  id: string;
  /** The teacher who records. */
  by: number;
  /** Whether it runs; before that it is announced only. */
  running: boolean;
  /** When it begins or has begun: milliseconds since 1970 UTC. */
  since: number;
};

/** The end of a recording. */
export type RecordingStopped = {
  /** Its id. */
  id: string;
  /** Why. */
  why: RecordingEnd;
  /** Whether anything was recorded: not if it was stopped while only announced. */
  kept: boolean;
};

/** Reply to `GET /api/recordings`: what the reader may watch, newest first. */
export type Recordings = {
  /** The room's title. */
  title: string;
  /** Whether the reader may release and delete them. */
  manages: boolean;
  /** The recordings. */
  recordings: RecordingInfo[];
};

/** Body of `POST /api/recordings/{id}/release`. */
export type Release = {
  /** Whether everyone of the room may watch it. */
  released: boolean;
};

/** What a participant may do at this moment: role and policy less all locks. */
export type Rights = {
  /** May send the microphone. */
  microphone: boolean;
  /** May send the camera. */
  camera: boolean;
  /** May send content and its sound. */
  content: boolean;
  /** May write in the chat. */
  chat: boolean;
};

/** A participant's role in a lesson. */
export type Role = 'teacher' | 'presenter' | 'pupil' | 'guest' | 'interpreter' | 'observer';

/** What one video slot carries. */
export type SlotNow = {
  /** Which video slot, from 0. */
  slot: number;
  /** What it carries; null shows nothing. */
  source: SourceRef | null;
  /**
   * First RTP timestamp (modulo 2^32) that can belong to this source. A frame for which
   * `(frame - from) mod 2^32 >= 2^31` shows an earlier source: do not display it.
   */
  fromTimestamp: number;
};

/** What a viewer wants in one video slot. */
export type SlotWish = {
  /** Which video slot, from 0. */
  slot: number;
  /** What to show. */
  source: SourceRef;
  /** Height of its place on the screen in device pixels. */
  height: number;
  /** Gives way last when the line is weak: higher is more important. */
  priority: number;
};

/** The whole state of a lesson as the reader may see it. */
export type Snapshot = {
  /** Everyone who holds a seat, in seating order. */
  participants: Participant[];
  /** The chat, oldest first. */
  chat: ChatMessage[];
  /** Locks that hold for all pupils and guests. */
  locks: Lock[];
  /** When the lesson began: milliseconds since 1970 UTC. */
  started: number;
  /** The recording that is announced or runs. */
  recording: RecordingNow | null;
  /**
   * Who consented to be in the recording, as far as the reader may know: teachers see all,
   * everyone else only themselves. The teacher who records is in it and not in this list.
   */
  recorded: number[];
};

/** A publication: whose and which. */
export type SourceRef = {
  /** The participant's number. */
  participant: number;
  /** Which of its publications. */
  kind: Kind;
};

/** An event with its place in the reader's own sequence, which has no gaps. */
export type Stamped = {
  /** Sequence, from 1. */
  seq: number;
  /** When: milliseconds since 1970 UTC. */
  at: number;
  /** What. */
  event: LessonEvent;
};
