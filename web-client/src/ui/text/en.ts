/**
 * The English texts, which also define the keys of all languages.
 * Invariant: a key that is missing in another language does not compile.
 *
 * `common` avoids addressing the reader, `you` addresses them: languages with two forms of
 * address have `you` twice (German: de.ts and de-formal.ts). Left out on purpose: which variant
 * a person reads; words.svelte.ts decides.
 */
import type { Failure } from '../../session/model';
import type { Role } from '../../protocol';
import { classroomYou } from './classroom/you';
import { recording, recordingYou } from './recording/en';
import { toolsYou } from './tools/you';

/** Text of a failure: what is so, what happens by itself, and the word on its button. */
export interface FailureText {
  say: string;
  button?: string;
}

const failures: Record<Failure, FailureText> = {
  LINK_EXPIRED: { say: 'This link has run out. The teacher can send a new one.' },
  LINK_INVALID: {
    say: 'This link opens no room. A part may be missing: copy it again in full.',
  },
  TOKEN_INVALID: { say: 'The entry has run out. The link opens it again.', button: 'Enter again' },
  RESUME_INVALID: {
    say: 'This seat is no longer kept. The link leads back in.',
    button: 'Enter again',
  },
  TURNED_AWAY: {
    say: 'The teacher does not let anyone in here at the moment. If this was a mistake: speak to the teacher.',
  },
  TALK_OVER: { say: 'The talk is over. This window can be closed.' },
  TOO_LATE: { say: 'It is too late for that: the time is over.' },
  REMOVED: { say: 'The teacher ended your participation.' },
  OPENED_ELSEWHERE: { say: 'The lesson moved to another window.', button: 'Bring it here' },
  LESSON_ENDED: { say: 'The lesson is over.' },
  BROWSER_OLD: {
    say: 'This browser is too old for sound and picture. Chat and hand still work.',
    button: 'What helps',
  },
  OFFER_INVALID: {
    say: 'This browser cannot set up sound and picture. Hand and chat work.',
    button: 'Try again',
  },
  DENIED: { say: 'This is not allowed here at the moment.' },
  NOT_FOUND: { say: 'This is gone. The person may have left.' },
  BAD_MESSAGE: { say: 'That did not work. Reloading helps; the seat is kept.', button: 'Reload' },
  TOO_MANY: { say: 'Too much at once. The last of it was not taken.' },
  BAD_TEXT: { say: 'This text will not work: empty, too long, or with unreadable characters.' },
  DEGRADED: {
    say: 'Nothing can be saved at the moment. Sound, picture, muting and locks go on; hand and chat wait.',
  },
  FULL: { say: 'There is no free seat at the moment. The link stays valid.', button: 'Try again' },
  GOING_AWAY: {
    say: 'The lesson is moving. Reconnecting; seat and hand are kept.',
    button: 'Try now',
  },
  INTERNAL: { say: 'Something went wrong here, not on this device.', button: 'Try again' },
  DEVICE_DENIED: {
    say: 'Microphone or camera not allowed. Listening works. To allow: tap the sign beside the address.',
    button: 'Show me',
  },
  DEVICE_BUSY: {
    say: 'Another app is using the camera or the microphone. Close it there.',
    button: 'Try again',
  },
  DEVICE_MISSING: {
    say: 'No device found. Listening, hand and chat work.',
    button: 'Choose device',
  },
  SOUND_BLOCKED: { say: 'Sound is waiting for a tap.', button: 'Turn sound on' },
  CONNECTION_LOST: {
    say: 'Connection lost. Reconnecting; seat and hand are kept.',
    button: 'Try now',
  },
  CONNECTION_WEAK: { say: 'Weak line: pictures pause, sound goes on.' },
  MEDIA_BLOCKED: {
    say: 'This network blocks sound and picture. Hand and chat work.',
    button: 'School IT report',
  },
  SHARE_UNAVAILABLE: {
    say: 'This device cannot show its screen. Listening, watching and speaking work.',
  },
  FILE_REFUSED: {
    say: 'This file will not work. A PDF or a picture of at most 30 MB does.',
    button: 'Other file',
  },
  RECORDING_STOPPED: {
    say: 'The recording has stopped. All until then is kept; the lesson goes on.',
  },
};

/** Why a file is refused. */
export type FileFault = 'large' | 'kind' | 'damaged';

const fileFaults: Record<FileFault, string> = {
  large: 'over 30 MB',
  kind: 'no PDF or image',
  damaged: 'damaged',
};

const roles: Record<Role, string> = {
  teacher: 'Teacher',
  presenter: 'Presenter',
  pupil: 'Class',
  guest: 'Guest',
  interpreter: 'Interpreter',
  observer: 'Watching',
};

const common = {
  language: 'en',
  product: 'Kreide',

  // Places
  skipToBar: 'Skip to controls',
  regionShown: 'Shown',
  regionPeople: 'People',
  regionWithoutCamera: 'Without camera',
  regionBar: 'Controls',
  regionNotices: 'Notices',
  regionNow: 'Going on',
  pageTitle: (room: string) => `${room} · Kreide`,

  // The bar: nouns that never change
  microphone: 'Microphone',
  camera: 'Camera',
  show: 'Show',
  quiet: 'Quiet',
  hand: 'Hand',
  people: 'People',
  chat: 'Chat',
  view: 'View',
  tools: 'Tools',
  more: 'More',
  leave: 'Leave',
  hangUp: 'Hang up',
  end: 'End',

  // Tooltips: verb and key
  withKey: (verb: string, key: string) => `${verb} (${key})`,
  microphoneOn: 'Turn microphone on',
  microphoneOff: 'Turn microphone off',
  cameraOn: 'Turn camera on',
  cameraOff: 'Turn camera off',
  showStart: 'Show the screen',
  showStop: 'Stop showing',
  quietOn: 'Silence microphones, chat and board',
  quietOff: 'End the quiet, all as before',
  handUp: 'Raise hand',
  handDown: 'Lower hand',
  peopleOpen: 'Open people',
  peopleClose: 'Close people',
  chatOpen: 'Open chat',
  chatClose: 'Close chat',
  viewOpen: 'Choose view',
  viewClose: 'Close view',
  toolsOpen: 'Open tools',
  toolsClose: 'Close tools',
  moreOpen: 'Open more',
  moreClose: 'Close more',
  leaveLesson: 'Leave the lesson',
  endLesson: 'End the lesson',
  lockedBy: (name: string) => `Locked by ${name}`,
  locked: 'Locked',
  starting: 'Starting',
  failed: 'Not available',
  unread: (n: number) => (n === 1 ? '1 new message' : `${n} new messages`),
  hands: (n: number) => (n === 1 ? '1 hand' : `${n} hands`),

  // Arriving and joining
  arriving: 'Opening the door',
  joining: 'Going in',
  join: 'Join',
  name: 'Name',
  searchName: 'Search',
  noneFound: 'Nobody of that name is on the list.',
  notListed: 'My name is not on the list',
  backToList: 'Back to the list',
  withMicrophone: 'Join with microphone',
  withCamera: 'Join with camera',
  devices: 'Devices',
  microphoneDevice: 'Microphone',
  cameraDevice: 'Camera',
  deviceDefault: 'Chosen by the browser',
  deviceUnnamed: (n: number) => `Device ${n}`,
  tryCamera: 'Try camera',
  stopTrying: 'Stop trying',
  previewLabel: 'Preview of the camera',
  privacy: 'Data protection',
  as: (name: string, role: string) => `${name} · ${role}`,

  // Header
  since: (time: string) => `since ${time}`,
  showingScreen: 'The screen is being shown',

  // People on the stage
  roles,
  nameYou: (name: string) => `${name} (you)`,
  contentOf: (name: string) => `Shown by ${name}`,
  speaking: 'speaking',
  muted: 'microphone off',
  microphoneIsOn: 'microphone on',
  handPlace: (n: number) => `Hand ${n}`,
  away: 'away',
  paused: 'Picture paused',
  pausedWhy: 'Picture paused - line too slow',
  gone: 'Someone who left',
  shownLarge: 'shown large',
  othersMore: (n: number) => `+${n}`,
  othersMoreSpoken: (n: number) => `Show ${n} more`,
  othersBack: 'Show those before',
  nobodyYet: 'Nobody is here yet.',
  nobodyYetNext: 'Whoever opens the link appears here by itself.',
  nobodyYetLink: 'Nobody is here yet. The link for the class:',
  copyLink: 'Copy link',
  copied: 'Copied.',
  captions: 'Captions',

  // People panel
  peopleTitle: (n: number) => `People · ${n}`,
  handsTitle: (n: number) => `Hands · ${n}`,
  noHands: 'No hand is up.',
  callOn: 'Call on',
  callOnName: (name: string) => `Call on ${name}`,
  rowMenu: (name: string) => `Actions for ${name}`,
  mute: 'Mute',
  cameraOffFor: 'Camera off',
  contentOffFor: 'Stop showing',
  pin: 'Show large',
  unpin: 'Unpin',
  remove: 'Remove',
  removeTitle: (name: string) => `Remove ${name}?`,
  removeText: 'The person leaves the lesson and cannot come back with this link.',
  stay: 'Keep',
  undo: 'Undo',
  close: 'Close',
  back: 'Back',

  // Chat
  chatEmpty: 'The class can write here.',
  chatPolicy: 'Everything is deleted after the lesson.',
  chatKept: (date: string) => `Stays in the archive until ${date}.`,
  message: 'Message',
  send: 'Send',

  // More, view and settings
  viewGallery: 'All the same size',
  viewSpeaker: 'One person large',
  settings: 'Settings',
  theme: 'Colours',
  themeSystem: 'As the device',
  themeLight: 'Light',
  themeDark: 'Dark',
  languageLabel: 'Language',
  languageSystem: 'As the browser',
  textSize: 'Text size',
  textSizes: ['Normal', 'Larger', 'Large', 'Very large'],
  keys: 'Keys M, V, H and C',
  sounds: 'Sound for a raised hand and at the door',
  keysHint: 'M microphone, V camera, H hand, C chat. F6 goes to the next area.',

  // Ending
  endTitle: 'End the lesson?',
  endText: 'For all: everyone leaves the lesson. Only me: the lesson goes on.',
  endForAll: 'End for all',
  endOnlyMe: 'Only I leave',
  leftTitle: 'Out of the lesson.',
  endedTitle: 'The lesson is over.',
  rejoin: 'Go back in',
  noGroups: 'No groups yet. How many?',
  familyOf: (place: number, all: number, time: string) =>
    `Family ${place} of ${all}, ${time}. Nobody is waiting.`,
  noRecording: 'There is no recording of this lesson. Board and sheets are there.',
  keptUntil: (date: string) => `Board and sheets are kept until ${date}.`,
  fileRefused: (name: string, why: string) => `“${name}” will not work: ${why}.`,
  fileFaults,
  lostLong: 'Still no connection. Check the Wi-Fi.',
  connected: 'Connected again.',

  // Announced, not shown
  saidHand: (names: string) => `Hand up: ${names}`,
  saidJoined: (names: string) => `Joined: ${names}`,
  saidLeft: (names: string) => `Left: ${names}`,

  // Show me how to allow a device
  allowTitle: 'Allow microphone and camera',
  allowSteps: [
    'Tap the sign beside the address, at the top of the window. It looks like a slider, a lock or a small camera.',
    'Set microphone and camera to “Allow”.',
    'Close this text and try again. On iPad and iPhone: aA in the address bar, then “Website settings”.',
  ],

  // What helps an old browser
  helpTitle: 'What helps',
  helpSteps: [
    'Update this browser and open the link again.',
    'Or open the link in another browser: Firefox, Chrome, Edge or Safari, not older than two years.',
    'On an old tablet: update the device first, as its browser comes with it.',
  ],

  // What a school's technicians need to know
  reportTitle: 'Report for school IT',
  reportWhy: 'Sound and picture need a way out of the school network. These lines say which.',
  reportCopy: 'Copy report',
  reportLines: (place: string, time: string, browser: string) => [
    `Sound and picture did not reach ${place}, ${time}.`,
    `The web address itself works (HTTPS to ${place}).`,
    `Allow from pupil devices to ${place}: UDP on the ports for sound and picture that its operator names, and as a second way TCP 443 without inspection.`,
    'Do not send WebRTC (DTLS, SRTP, STUN) through a web proxy.',
    `Browser: ${browser}`,
  ],

  // Data protection
  privacyTitle: 'What happens with data here',
  privacyParts: [
    {
      title: 'Sound and picture',
      text: 'Microphone and camera are off until they are switched on in this window. Nobody can switch them on from afar. Sound and picture travel encrypted to the school’s own service and from there to the others in the lesson. They are stored only in a recording.',
    },
    {
      title: 'What the others see',
      text: 'The name, a raised hand, messages in the chat, and whether microphone and camera are on.',
    },
    {
      title: 'Recording',
      text: 'A recording is announced to all, in words and by a sound, before it begins, and a sign stands there while it lasts. In it are the recording teacher and those for whom the school has a consent and who said yes; the yes can be taken back at any time. The school stores it, the teacher decides whether the class may watch it, and it is deleted by itself.',
    },
    {
      title: 'What is kept',
      text: 'While the lesson runs: who takes part, hands and chat, so that a lost connection can return. Soon after the end names and chat are deleted.',
    },
    {
      title: 'In this browser',
      text: 'One key for the seat, and in the player one for the recording, until the tab is closed. If a name is chosen or typed at the door, a random number of this browser, so that nobody who was removed comes back under another name. Colours, language and text size only if they are changed in the settings. No cookies, no measuring, no other services.',
    },
    {
      title: 'Questions',
      text: 'The school is responsible and answers questions, also about seeing, correcting and deleting data.',
    },
  ],

  failures,
  recording,
};

const you = {
  ...recordingYou,
  ...classroomYou,
  ...toolsYou,
  nameHint: 'This is how the others see you.',
  hearFirst: 'You hear the lesson at once. Microphone and camera stay off until you turn them on.',
  previewHint: 'Only you see this picture.',
  previewOff: 'The camera is off.',
  removedNext: 'If this was a mistake, speak to the teacher.',
  leftNext: 'While the lesson runs you can go back in.',
  endedNext: 'You can close this window.',
};

/** A catalogue's shape: its texts may be any. */
export type Widen<T> = T extends string
  ? string
  : T extends (...args: infer A) => infer R
    ? (...args: A) => Widen<R>
    : T extends readonly (infer E)[]
      ? readonly Widen<E>[]
      : { [K in keyof T]: Widen<T[K]> };

/** Texts that everyone reads alike. */
export type Common = Widen<typeof common>;
/** Texts that address the reader. */
export type You = Widen<typeof you>;
/** All texts of one language and one form of address. */
export type Words = Common & You;

export const en: Words = { ...common, ...you };
