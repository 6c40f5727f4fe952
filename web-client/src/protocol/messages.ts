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
      /** To whom; absent: to all. */
      to?: ChatTo;
      /** Plain text. */
      text: string;
    }
  | {
      type: 'editChat';
      /** Which. */
      id: number;
      /** Plain text. */
      text: string;
    }
  | {
      type: 'deleteChat';
      /** Which. */
      id: number;
    }
  | {
      type: 'hideRecent';
      /** Who. */
      who: number;
    }
  | {
      type: 'caption';
      /** Plain text. */
      text: string;
    }
  | {
      type: 'rename';
      /** Whose; absent: the own one. */
      who?: number;
      /** The new name. */
      name: string;
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
      type: 'grant';
      /** To whom. */
      who: number;
      /** What. */
      what: LockKind;
      /** Granted or not. */
      on: boolean;
    }
  | {
      type: 'letSpeak';
      /** Whom. */
      who: number;
      /** Given or taken. */
      on: boolean;
    }
  | {
      type: 'quiet';
      /** On or off. */
      on: boolean;
    }
  | {
      type: 'undo';
      /** The number in `acted`. */
      id: number;
    }
  | {
      type: 'admit';
      /** Whom; absent: everyone there. */
      who?: number;
    }
  | {
      type: 'turnAway';
      /** Whom. */
      who: number;
    }
  | {
      type: 'toLobby';
      /** Whom. */
      who: number;
    }
  | { type: 'groups' } & GroupAct
  | { type: 'poll' } & PollAct
  | { type: 'talk' } & TalkAct
  | { type: 'tool' } & ToolAct
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
  | { type: 'waiting' } & Waiting
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
      type: 'reaction';
      /** Who. */
      who: number;
      /** How. */
      what: Reaction;
    }
  | {
      type: 'count';
      /** How many, the reader among them. */
      people: number;
    }
  | {
      type: 'votes';
      /** In which poll. */
      poll: number;
      /** How many, those that wait for others to be counted among them. */
      count: number;
    }
  | {
      type: 'groupSets';
      /** Their names. */
      names: string[];
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
      /** If the reader may notice other people now: all of them. */
      people: Participant[] | null;
    }
  | {
      kind: 'locks';
      /** All of them. */
      locks: Lock[];
      /** If the reader may notice other people now: all of them. */
      people: Participant[] | null;
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
      kind: 'chatChanged';
      /** The message as it is now. */
      message: ChatMessage;
    }
  | {
      kind: 'caption';
      /** Who wrote it. */
      from: number;
      /** Plain text. */
      text: string;
    }
  | {
      kind: 'renamed';
      /** Who. */
      who: number;
      /** The name. */
      name: string;
      /** By whom. */
      by: number;
    }
  | {
      kind: 'letSpeak';
      /** Who. */
      who: number;
      /** Given or taken. */
      on: boolean;
      /** By which teacher. */
      by: number;
    }
  | {
      kind: 'quiet';
      /** Which teacher. */
      by: number | null;
    }
  | {
      kind: 'paused';
      /** It rests. */
      on: boolean;
    }
  | {
      kind: 'policy';
      /** All of it. */
      policy: Policy;
    }
  | {
      kind: 'acted';
      /** What. */
      acted: Acted;
    }
  | {
      kind: 'undone';
      /** What. */
      id: number;
      /** By which teacher. */
      by: number;
    }
  | {
      kind: 'invited';
      /** Who. */
      who: number;
      /** What. */
      source: Kind;
      /** By which teacher. */
      by: number;
    }
  | {
      kind: 'waiting';
      /** Who. */
      waiter: Waiter;
    }
  | {
      kind: 'waitEnded';
      /** Who. */
      who: number;
      /** The teacher who sent them away. */
      by: number | null;
    }
  | {
      kind: 'groups';
      /** All of it, as the reader may see it. */
      groups: Groups;
      /** Those whom the reader notices from now on, as they are. Others are as they were. */
      around: Participant[];
      /** The reader is told of nobody else: others are to be forgotten. */
      whole?: boolean;
    }
  | {
      kind: 'poll';
      /** All of it, as the reader may see it. */
      poll: Poll;
    }
  | {
      kind: 'talks';
      /** All of them for teachers, the own one for a family. */
      talks: Talk[];
    }
  | {
      kind: 'tools';
      /** All of them, as the reader may see them. */
      tools: Tools;
    }
  | {
      kind: 'inRoom';
      /** Who. */
      who: number;
      /** There or not. */
      on: boolean;
    }
  | {
      kind: 'people';
      /** All of whom the reader is told from now on; null: the list stays as it is. */
      people: Participant[] | null;
      /** How many people there are; null: as many as are told of. */
      count: number | null;
    }
  | { kind: 'erased' }
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

/** What a teacher did to somebody. */
export type ActKind =
  | {
      did: 'muted';
      /** What. */
      source: Kind;
    }
  | {
      did: 'locked';
      /** What. */
      what: LockKind;
      /** Locked or unlocked. */
      locked: boolean;
    }
  | {
      did: 'granted';
      /** What. */
      what: LockKind;
      /** Granted or taken back. */
      on: boolean;
    }
  | {
      did: 'letSpeak';
      /** Given or taken. */
      on: boolean;
    }
  | { did: 'sentToLobby' }
  | { did: 'hid' };

/** What a teacher did to somebody, and may take back for a while; told to teachers. */
export type Acted = {
  /** To be named in `undo`. */
  id: number;
  /** Which teacher. */
  by: number;
  /** Until when it can be taken back: milliseconds since 1970 UTC. */
  until: number;
  /** To whom. */
  who: number;
  /** What. */
  what: ActKind;
};

/** A line that is shown to everyone. */
export type Announcement = {
  /** The line. */
  text: string;
  /** Which teacher. */
  by: number;
};

/** A chat message. */
export type ChatMessage = {
  /** Number within the lesson, from 1. */
  id: number;
  /** The author's number. */
  from: number;
  /** To whom; null: to all. */
  to: ChatTo | null;
  /** Plain text; empty if it is hidden, deleted or erased. */
  text: string;
  /** When the server took it: milliseconds since 1970 UTC. */
  at: number;
  /** Its author has written it anew. */
  edited: boolean;
  /** Whether it can be read. */
  shown: Shown;
};

/** To whom a message is. */
export type ChatTo = { group: number } | { person: number };

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
  | 'TOO_LATE'
  | 'TURNED_AWAY'
  | 'TALK_OVER'
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

/** Something done to the breakout groups. Groups count from 1. */
export type GroupAct =
  | {
      act: 'prepare';
      /** The numbers of each group's members. */
      groups: number[][];
    }
  | {
      act: 'deal';
      /** Into so many groups. */
      number?: number;
      /** Into groups of this size. */
      size?: number;
      /** By lot; otherwise in seating order. */
      shuffled: boolean;
    }
  | {
      act: 'offer';
      /** How many. */
      groups: number;
    }
  | {
      act: 'open';
      /** After how many minutes all return. */
      minutes?: number;
    }
  | {
      act: 'extend';
      /** How many minutes more. */
      minutes: number;
    }
  | { act: 'close' }
  | {
      act: 'assign';
      /** Whom. */
      who: number;
      /** Where; absent: into the class. */
      group?: number;
    }
  | {
      act: 'choose';
      /** Which. */
      group: number;
    }
  | {
      act: 'visit';
      /** Which; absent: back. */
      group?: number;
    }
  | {
      act: 'listen';
      /** Which; absent: no longer. */
      group?: number;
    }
  | {
      act: 'speakToAll';
      /** On or off. */
      on: boolean;
    }
  | {
      act: 'callTeacher';
      /** On or off. */
      on: boolean;
    }
  | { act: 'kept' }
  | {
      act: 'keep';
      /** The name. */
      name: string;
    }
  | {
      act: 'use';
      /** The name. */
      name: string;
    }
  | {
      act: 'forget';
      /** The name. */
      name: string;
    };

/** A teacher in a group, or listening to it. */
export type GroupVisit = {
  /** Which teacher. */
  who: number;
  /** Which group. */
  group: number;
  /** Listens from outside. Otherwise the teacher is in the group. */
  listens: boolean;
  /** When the listening begins or has begun: milliseconds since 1970 UTC. */
  since: number | null;
};

/** The groups as the reader may see them. */
export type Groups = {
  /** How many are prepared. */
  count: number;
  /** Everyone may choose one. */
  choice: boolean;
  /** They are open. */
  open: boolean;
  /** When all return by themselves: milliseconds since 1970 UTC. */
  until: number | null;
  /** The reader's own group; of a teacher, the one that is visited. */
  mine: number | null;
  /**
   * The members of each group, for teachers; everyone else sees the members of the own group
   * and empty lists for the others.
   */
  members: number[][];
  /** Groups that call for a teacher: all for teachers, the own one for everyone else. */
  calls: number[];
  /** Teachers in groups: all for teachers, those in the own group for everyone else. */
  visits: GroupVisit[];
  /** Teachers who speak to all groups. */
  everywhere: number[];
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
  /**
   * How many people are in the lesson, where there are too many to tell the reader of each; absent:
   * the reader is told of each.
   */
  count?: number;
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
  /** The number of the teacher who locked it; 0: the school. */
  by: number;
};

/** What can be locked. */
export type LockKind =
  | 'microphone'
  | 'camera'
  | 'content'
  | 'chat'
  | 'privateChat'
  | 'board'
  | 'names'
  | 'people'
  | 'record'
  | 'caption';

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
  /** Number within the lesson, from 1, never reused. The seating order where there is no roster. */
  no: number;
  /** Position in the room's roster, from 1: the seating order. */
  seat: number | null;
  /** The name to show. Plain text. */
  name: string;
  /** Role. */
  role: Role;
  /** Whether a connection is open at this moment; a seat is kept without one. */
  online: boolean;
  /**
   * What the participant may do while the lesson is neither quiet nor paused. Those two take
   * from presenters, pupils and guests the microphone, both chats and the board, a pause content
   * as well; and give everything back as it was.
   */
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
  /** Was let speak, whatever is locked. */
  hasWord: boolean;
  /** Sits in the classroom itself. */
  inRoom: boolean;
  /** The talk this family has come for. */
  talk: number | null;
  /** Is in another group than the reader: of what this person does nothing is told. */
  elsewhere?: boolean;
};

/** What the school has decided for the room, as far as a client shows it. */
export type Policy = {
  /** A lesson may be recorded. */
  recording: boolean;
  /** Teachers can see who was present for how long. */
  attendance: boolean;
  /** Days for which the chat outlives the lesson; 0: it is erased a minute after the end. */
  keepDays: number;
  /** Large pictures and two controls, for small children. */
  simpleView: boolean;
  /** The room is for talks, one family after the other. */
  talks: boolean;
  /** The roles to which the reader may write alone. */
  privateChat: Role[];
};

/** A poll as the reader may see it. */
export type Poll = {
  /** Counts from 1 within the lesson. */
  id: number;
  /** The question. */
  question: string | null;
  /** What can be answered. */
  options: PollOptions;
  /** Everyone sees the result while it grows. */
  live: boolean;
  /** Which teacher asks. */
  by: number;
  /** It takes votes. */
  open: boolean;
  /** The reader's vote is counted already. A vote that waits for others is not among them. */
  voted: boolean;
  /** The result, as far as it may be shown. */
  result: PollResult | null;
};

/** Something done to a poll. */
export type PollAct =
  | {
      act: 'open';
      /** The question; absent: it was asked aloud. */
      question?: string;
      /** What can be answered. */
      options: PollOptions;
      /** Everyone sees the result while it grows. */
      live: boolean;
    }
  | {
      act: 'vote';
      /** Which poll. */
      poll: number;
      /** The index of the option, from 0. */
      option?: number;
      /** The answer in own words. */
      words?: string;
    }
  | { act: 'close' };

/** What can be answered. */
export type PollOptions =
  | { kind: 'yesNo' }
  | {
      kind: 'letters';
      /** How many, 2 to 8. */
      count: number;
    }
  | {
      kind: 'texts';
      /** 2 to 10 of them. */
      texts: string[];
    }
  | { kind: 'free' };

/** The result of a poll. Votes are added to it by several people at a time. */
export type PollResult = {
  /** How many people voted. */
  voters: number;
  /** How many for each option. */
  counts: number[];
  /** Answers in own words, in no particular order. */
  answers: string[];
  /** So few voted that a guess at who chose what is easy. */
  few: boolean;
};

/** A reaction. */
export type Reaction = 'yes' | 'no' | 'applause' | 'laugh' | 'slower' | 'lost';

/**
 * Who has answered the question whether they are ready: all for teachers, the reader's own answer
 * for everyone else.
 */
export type ReadyCheck = {
  /** Which teacher asks. */
  by: number;
  /** Who is ready. */
  yes: number[];
  /** Who is not ready yet. */
  notYet: number[];
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
  /** May write to all and to the own group. */
  chat: boolean;
  /** May write to one person, where the policy lets these roles. */
  privateChat: boolean;
  /** May draw on the board. */
  board: boolean;
  /** May change the own name. */
  names: boolean;
  /** Sees and hears pupils and guests. */
  people: boolean;
  /** May record. */
  record: boolean;
  /** May write captions. */
  caption: boolean;
};

/** A participant's role in a lesson. */
export type Role = 'teacher' | 'presenter' | 'pupil' | 'guest' | 'interpreter' | 'observer';

/** Whether a message can be read. */
export type Shown = 'shown' | 'hidden' | 'deleted';

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
  /** Everyone who holds a seat and of whom the reader is told, in the order of their numbers. */
  participants: Participant[];
  /** The chat, oldest first: the newest messages, as many as fit into 256 KiB of text. */
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
  /** What the school has decided. */
  policy: Policy;
  /** Which teacher wants quiet. */
  quiet: number | null;
  /** The lesson rests because no teacher is there. */
  paused: boolean;
  /** The breakout groups. */
  groups: Groups;
  /** The last poll. */
  poll: Poll | null;
  /** The tools. */
  tools: Tools;
  /** The talks of the day: all for teachers, the own one for a family. */
  talks: Talk[];
  /** Who waits to be let in, for teachers. */
  waiting: Waiter[];
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

/** One talk of the day, for teachers; a family sees its own. */
export type Talk = {
  /** Its number. */
  slot: number;
  /** When it is to begin: milliseconds since 1970 UTC. */
  begins: number;
  /** How long it is to last. */
  minutes: number;
  /** How far it is. */
  state: TalkState;
  /** When the talk that is on is to end: milliseconds since 1970 UTC. */
  until: number | null;
};

/** Something done to the parents' talks (teacher). */
export type TalkAct =
  | {
      act: 'begin';
      /** Which talk. */
      slot: number;
    }
  | { act: 'finish' }
  | { act: 'more' }
  | {
      act: 'noShow';
      /** Which talk. */
      slot: number;
    }
  | {
      act: 'skip';
      /** Which talk. */
      slot: number;
    };

/** How far a talk is. */
export type TalkState = 'planned' | 'on' | 'over' | 'missed' | 'skipped';

/** Something done with the tools. */
export type ToolAct =
  | {
      act: 'spotlight';
      /** Whom, at most 4; nobody ends it. */
      who: number[];
    }
  | {
      act: 'focus';
      /** On or off. */
      on: boolean;
    }
  | {
      act: 'announce';
      /** The line; absent takes it away. */
      text?: string;
    }
  | {
      act: 'timer';
      /** How long; absent stops it. */
      seconds?: number;
    }
  | {
      act: 'askReady';
      /** On or off. */
      on: boolean;
    }
  | {
      act: 'ready';
      /** Ready or not yet. */
      yes: boolean;
    }
  | { act: 'pick' }
  | {
      act: 'react';
      /** Which. */
      what: Reaction;
    }
  | {
      act: 'inRoom';
      /** There or not. */
      on: boolean;
    };

/** The tools as the reader may see them. */
export type Tools = {
  /** Who is in the spotlight. */
  spotlight: number[];
  /** Pupils see and hear teachers and content alone. */
  focus: boolean;
  /** A line for everyone. */
  announcement: Announcement | null;
  /** When the timer ends: milliseconds since 1970 UTC. */
  timer: number | null;
  /** Everyone is asked whether they are ready. */
  ready: ReadyCheck | null;
  /** Who was drawn last. */
  picked: number | null;
};

/** What someone waits for. */
export type WaitFor = 'lobby' | 'begin' | 'talk';

/** Someone who waits, for teachers. */
export type Waiter = {
  /** Number; kept when they are let in. */
  no: number;
  /** The name. */
  name: string;
  /** The role they would have. */
  role: Role;
  /** What for. */
  why: WaitFor;
  /** The talk this family has come for. */
  talk: number | null;
};

/**
 * What someone is told who must wait. It may come again with a new expectation. Nothing is said
 * of the lesson or of who else waits.
 */
export type Waiting = {
  /** What for. */
  why: WaitFor;
  /** The room's title. */
  title: string;
  /** Opens the same place in the queue again. */
  resume: string;
  /** The own talk. */
  talk: Talk | null;
  /** When it can be expected to begin: milliseconds since 1970 UTC. */
  expected: number | null;
  /** The server's clock: milliseconds since 1970 UTC. */
  now: number;
};
