/**
 * The English texts about recordings: announcing, consenting, the list and the player. They define
 * the keys of all languages, as ../en.ts does for the rest.
 */
import type { RecordingEnd } from '../../../protocol';
import type { Trouble } from '../../../recordings/trouble';

/** Ends that nobody ordered. */
type Accident = Exclude<RecordingEnd, 'ordered'>;

const accidents: Record<Accident, string> = {
  storageFull: 'storage is full',
  storageFailed: 'storage cannot be written',
  interrupted: 'the connection to sound and picture broke off',
};

const troubles: Record<Trouble, string> = {
  expired: 'Access to the recordings has run out. Open the link of the lesson again.',
  gone: 'This recording is gone or not released. The teacher knows more.',
  running: 'This recording is still running. Stop it first.',
  denied: 'This is not allowed here at the moment.',
  unreachable: 'No connection. Check the Wi-Fi.',
  failed: 'Something went wrong here, not on this device.',
};

/** Texts that everyone reads alike. */
export const recording = {
  title: 'Recording',
  sign: 'Recording',
  signSoon: (seconds: number) => `Recording in ${seconds} s`,

  // Announced and asked
  announced: (seconds: number) => `The lesson is being recorded; it begins in ${seconds} s.`,
  runs: 'The lesson is being recorded.',
  yes: 'Yes, record me',
  no: 'No, without me',
  inIt: 'In the recording',
  inItHint: 'Holds for this recording only.',
  noConsent: 'The school has no consent for it.',
  saidSoon: (name: string, seconds: number) =>
    `${name} records the lesson. It begins in ${seconds} seconds.`,
  saidRuns: 'The lesson is being recorded now.',
  saidOver: 'The recording is over.',

  // Starting and stopping
  about:
    'In it are the recording teacher and all who may be and say yes: voice, picture and what they show. Nobody else can be seen or heard, and the chat is never in it.',
  where: 'It is stored at the school, at first for teachers only.',
  whereUntil: (days: number) =>
    `It is stored at the school for ${days} days, at first for teachers only.`,
  start: 'Start recording',
  stop: 'Stop recording',
  cancel: 'Do not record',
  begins: (seconds: number) => `Begins in ${seconds} s`,
  running: (time: string) => `Running for ${time}`,
  members: (n: number) => `In it · ${n}`,
  stopped: (time: string, why: string) =>
    `The recording stopped at ${time}: ${why}. All until then is kept; the lesson goes on.`,
  stoppedEmpty: (time: string, why: string) =>
    `The recording stopped at ${time}: ${why}. Nothing was recorded; the lesson goes on.`,
  accidents,
  saved: 'The recording is saved.',
  nothing: 'Nothing was recorded.',

  // The list
  at: (day: string, time: string) => `${day}, ${time}`,
  list: 'Recordings',
  listed: (room: string) => `Recordings · ${room}`,
  empty: 'No recording yet.',
  emptyNext: 'Each one appears here as soon as it begins.',
  fetching: 'Fetching recordings',
  again: 'Try again',
  troubles,
  watch: 'Watch',
  watchOf: (date: string) => `Watch the recording of ${date}`,
  download: 'Download',
  release: 'Release',
  withdraw: 'Withdraw',
  erase: 'Delete',
  actionsOn: (date: string) => `Actions for the recording of ${date}`,
  forTeachers: 'for teachers only',
  forAll: 'released',
  isRunning: 'still running',
  kept: (date: string) => `Kept until ${date}`,
  all: (n: number) => `Show all (${n})`,
  released: 'Released: everyone with the link of the room can watch it.',
  withdrawn: 'No longer released.',
  erased: 'Deleted.',
  eraseTitle: 'Delete this recording?',
  eraseText: (date: string) =>
    `The recording of ${date} is then gone for everyone. This cannot be undone.`,
  eraseIt: 'Delete recording',

  // The player
  noLink: 'This address opens no recording. Tap “Watch” in the list of recordings again.',
  opening: 'Fetching the recording',
  confidential: 'Do not pass on.',
  play: 'Play',
  playTip: 'Play',
  pauseTip: 'Pause',
  sound: 'Sound',
  soundOn: 'Turn sound on',
  soundOff: 'Turn sound off',
  volume: 'Volume',
  position: 'Position',
  positionOf: (at: string, length: string) => `${at} of ${length}`,
  speed: 'Speed',
  times: (factor: string) => `${factor} ×`,
  whole: 'Full screen',
  wholeOn: 'Fill the screen',
  wholeOff: 'Leave full screen',
  keys: 'Space plays and pauses, arrows go 5 s back and on, comma and full stop change the speed.',
  waiting: 'Connection lost. It goes on by itself.',
  cannotPlay: 'This device cannot play the recording. Downloading works.',
};

/** Texts that address the reader. */
export const recordingYou = {
  recordAsk: 'May you be seen and heard in the recording?',
  recordNotIn: 'You are not in the recording.',
  recordIn: 'You are in the recording. To change it: More, Settings.',
};
