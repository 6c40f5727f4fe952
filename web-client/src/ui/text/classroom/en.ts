/**
 * English texts about leading a class: lobby, rights, quiet, what a teacher did to somebody, and
 * the wait before the lesson.
 */
import type { Kind, LockKind } from '../../../protocol';
import type { Widen } from '../en';

const kinds: Record<LockKind, string> = {
  microphone: 'Microphone',
  camera: 'Camera',
  content: 'Show',
  chat: 'Chat',
  privateChat: 'Private messages',
  board: 'Board',
  names: 'Change own name',
  people: 'See and hear the class',
  record: 'Record',
  caption: 'Write captions',
};

const invited: Record<Kind, string> = {
  microphone: 'The microphone may be on again.',
  camera: 'The camera may be on again.',
  content: 'Showing may go on.',
  contentAudio: 'The sound of what is shown may be on again.',
};

const off: Record<Kind, (name: string) => string> = {
  microphone: (name) => `${name} is muted.`,
  camera: (name) => `Camera of ${name} is off.`,
  content: (name) => `${name} no longer shows anything.`,
  contentAudio: (name) => `${name} shows without sound.`,
};

/** Texts that everyone reads alike. */
export const classroom = {
  kinds,

  // Why something is held
  lockedBySchool: 'Locked by the school',
  heldByQuiet: 'It is quiet now',
  heldByPause: 'Paused until a teacher is here',

  // Notices
  quietNow: 'Quiet. Microphones are off.',
  pausedNow: 'Pause until a teacher is here. Microphones are off; it goes on by itself.',
  invited,
  granted: {
    caption: {
      given: 'Writing captions is allowed now.',
      where: 'The line for it is under “More”.',
      use: 'Write now',
      taken: 'Writing captions is no longer allowed.',
    },
    content: {
      given: 'Showing is allowed now.',
      where: 'It is under “More”.',
      use: 'Show screen',
      taken: 'Showing is no longer allowed.',
    },
  },

  // Lobby
  waiting: (n: number) => `Waiting · ${n}`,
  waitingSpoken: (n: number) => (n === 1 ? '1 person waiting' : `${n} people waiting`),
  admit: 'Let in',
  admitName: (name: string) => `Let in ${name}`,
  admitAll: 'Let all in',
  turnAway: 'Turn away',
  turnAwayTitle: (name: string) => `Turn ${name} away?`,
  turnAwayText: 'The person is told that they cannot come in now.',
  leaveWaiting: 'Let wait',
  waitsFor: { begin: 'until the lesson begins', talk: 'for the talk' },
  saidWaiting: (names: string) => `Waiting to be let in: ${names}`,

  // One person
  callOff: 'End turn',
  hasWord: 'has the word',
  isInRoom: 'in the classroom',
  inGroup: 'in a group',
  locks: 'Lock …',
  allows: 'Allow …',
  locksOf: (name: string) => `Lock for ${name}`,
  allowsOf: (name: string) => `Allow ${name}`,
  lockedForAll: (what: string) => `Locked for all: ${what}.`,
  largeHere: 'Large only here',
  spotlight: 'Pin for all',
  spotlightEnd: 'Unpin for all',
  hideRecent: 'Hide last messages',
  toLobby: 'To the waiting room',
  rename: 'Rename',
  renameOf: (name: string) => `Rename ${name}`,
  newName: 'New name',
  save: 'Save',
  keepAsIs: 'Leave as it is',
  done: 'Done',

  // What was done, by oneself or by another teacher
  did: {
    off,
    locked: (what: string, name: string) => `${what} of ${name} is locked.`,
    unlocked: (what: string, name: string) => `${what} of ${name} is unlocked.`,
    granted: (what: string, name: string) => `${what}: allowed for ${name}.`,
    taken: (what: string, name: string) => `${what}: no longer allowed for ${name}.`,
    letSpeak: (name: string) => `${name} has the word.`,
    letSpeakEnd: (name: string) => `${name} no longer has the word.`,
    sentToLobby: (name: string) => `${name} is in the waiting room.`,
    hid: (name: string) => `The last messages of ${name} are hidden.`,
    by: (say: string, teacher: string) => `${say} (${teacher})`,
  },

  // Rights of all
  rightsTitle: 'Lock for all',
  rightsHint: 'Holds for pupils and guests, also for those who come later.',

  // Attendance
  attendanceFailed: 'The list cannot be fetched now. Once more?',

  // Chat
  to: 'To',
  toAll: 'All',
  toAllHeld: (why: string) => `To all: ${why}`,
  toGroup: (n: number) => `Group ${n}`,
  fromTo: (name: string) => `to ${name}`,
  toMe: 'only to me',
  edited: 'changed',
  hidden: 'Hidden by the teacher.',
  deleted: 'Deleted.',
  messageMenu: (name: string) => `Actions for the message of ${name}`,
  edit: 'Change',
  remove: 'Delete',
  editing: 'Change message',
  chatDays: (days: number) =>
    days === 1 ? 'Kept for 1 day after the lesson.' : `Kept for ${days} days after the lesson.`,

  // The classroom itself
  holdToSpeak: 'Hold to speak (space bar)',
  inRoomNow: 'In the classroom: the sound is off here. To speak, hold the microphone or the space bar.',

  // Waiting
  talkAt: (time: string) => `Talk at ${time}`,
  talkExpected: (time: string) => `Expected to begin at ${time}.`,
  talkDelayed: (minutes: number) =>
    minutes === 1 ? '1 minute later than planned.' : `${minutes} minutes later than planned.`,
  talkOnTime: 'On time.',
  talkSoon: 'It begins in a moment.',
  talkSkipped: 'This talk was passed over. It can still take place; the teacher decides when.',
  talkMissed: 'The time of this talk has passed. The teacher sees who waits and decides.',
  talkUnplanned: 'Talk without a time',
  soundTest: 'Test sound',
  soundTestHint: 'Two tones should be heard.',
};

/** The shape of these texts. */
export type Classroom = Widen<typeof classroom>;
