/**
 * The English texts of what leads a lesson: groups, polls, talks and tools. They define the keys of
 * all languages, as ../en.ts does for the rest.
 */
import type { Reaction, TalkState } from '../../../protocol';
import type { Widen } from '../en';

const reactions: Record<Reaction, string> = {
  yes: 'Thumb up',
  no: 'Thumb down',
  applause: 'Applause',
  laugh: 'Funny',
  slower: 'Slower',
  lost: 'I am lost',
};

const talkStates: Record<TalkState, string> = {
  planned: 'planned',
  on: 'running',
  over: 'over',
  missed: 'did not come',
  skipped: 'passed over',
};

const people = (n: number) => (n === 1 ? '1 person' : `${n} people`);

/** Texts that everyone reads alike. */
export const toolbox = {
  // Time
  minutesLeft: (minutes: number) => `${minutes} min left`,
  secondsLeft: (seconds: number) => `${seconds} s left`,
  minutes: (minutes: number) => `${minutes} min`,
  minutesWord: 'Minutes',
  moreMinutes: (minutes: number) => `+${minutes} min`,
  moreMinutesSpoken: (minutes: number) =>
    minutes === 1 ? '1 minute more' : `${minutes} minutes more`,
  timeIsUp: 'Time is up.',
  own: 'Other',
  isOn: 'on',
  people,

  groups: {
    title: 'Groups',
    one: (group: number) => `Group ${group}`,
    how: 'How to divide',
    byLot: 'By lot',
    bySeat: 'By seating',
    byChoice: 'By own choice',
    byChoiceHint: 'Everyone chooses a group in their own window.',
    count: (n: number) => (n === 1 ? '1 group' : `${n} groups`),
    into: (n: number) => `Divide into ${n} groups`,
    by: 'Divide by',
    byNumber: 'Number of groups',
    bySize: 'Size of a group',
    numberHint: (least: number, most: number) => `${least} to ${most}`,
    divide: 'Divide',
    result: (count: number, sizes: string) => `${count} × ${sizes}`,
    sizes: (small: number, large: number) =>
      small === large ? people(large) : `${small} or ${people(large)}`,
    divideAgain: 'Divide again',
    prepared: (n: number) => `${n} prepared`,
    choosing: 'choosing',
    chosen: (n: number, all: number) => `${n} of ${all} have chosen.`,
    unassigned: 'In no group',
    inClass: 'In the class',
    everyoneIn: 'Everyone is in a group.',
    moveHint: 'To move someone: tap the name, then the group. Or drag.',
    selected: (name: string) => `${name} selected. Where to?`,
    hither: 'Move here',
    hitherName: (name: string, place: string) => `Move ${name}: ${place}`,
    moved: (name: string, place: string) => `${name}: ${place}`,
    nobodyIn: 'Still empty',
    length: 'How long',
    noEnd: 'No end',
    open: 'Open groups',
    areOpen: 'open',
    outside: 'Others are in groups',
    noLimit: 'Groups open without an end',
    closeAll: 'Bring all back',
    speakToAll: 'Speak to all groups',
    speakToAllHint: 'Every group sees and hears it.',
    calls: (group: number) => `Group ${group} calls`,
    callsCount: (n: number) => (n === 1 ? '1 call' : `${n} calls`),
    calling: 'calls',
    visit: 'Visit',
    visitName: (group: number) => `Visit group ${group}`,
    visiting: (group: number) => `Visiting group ${group}`,
    here: 'Visit going on',
    backToClass: 'Back to class',
    listen: 'Listen in',
    listenName: (group: number) => `Listen in on group ${group}`,
    listenHint: 'Listening in: the group is told first, in words and by a sound.',
    listenSoon: (seconds: number) => `The group was told. Begins in ${seconds} s`,
    listening: 'Listening in. The group knows.',
    stopListening: 'Stop listening',
    isThere: (name: string) => `${name} is here`,
    // What a group reads
    strip: (group: number, left: string) => `Group ${group} · ${left}`,
    members: 'In this group',
    callTeacher: 'Call teacher',
    called: 'The teacher has been called.',
    visitor: (name: string) => `${name} is in this group.`,
    listenerSoon: (name: string) => `${name} is about to listen in.`,
    listener: (name: string) => `${name} is listening in.`,
    toAll: (name: string) => `${name} is speaking to all groups.`,
    minuteLeft: 'Soon it goes back to the class.',
    choose: 'Choose a group',
    choice: (group: number) => `Choose group ${group}`,
    mine: 'chosen',
    waitOpen: 'The teacher opens the groups. Until then it can be changed.',
    openLeft: (left: string) => `Groups open · ${left}`,
    everywhere: 'All groups see and hear this.',
    stopSpeaking: 'Stop speaking',
  },

  poll: {
    title: 'Poll',
    question: 'Question',
    questionHint: 'May stay empty if it is asked aloud.',
    live: 'Show result live',
    liveHint: 'Otherwise everyone sees it at the end.',
    start: 'A tap starts the poll:',
    yesNo: 'Yes / No',
    letters: 'A – D',
    texts: 'Own answers',
    free: 'Free text',
    answer: (n: number) => `Answer ${n}`,
    addAnswer: 'One more answer',
    dropAnswer: (n: number) => `Remove answer ${n}`,
    ask: 'Start poll',
    votes: (n: number) => (n === 1 ? '1 vote' : `${n} votes`),
    votesOf: (n: number, all: number) => `${n} of ${all} have voted`,
    hidden: 'Everyone sees the result when the poll ends.',
    batches: 'Votes are counted several at a time, so that nobody can be guessed.',
    end: 'End poll',
    again: 'New poll',
    result: 'Result',
    interim: 'Result so far',
    share: (votes: number, percent: number) =>
      `${votes === 1 ? '1 vote' : `${votes} votes`} · ${percent} %`,
    few: 'Few have voted. Who chose what may be guessed.',
    nobody: 'Nobody has voted.',
    noAnswers: 'No answers.',
    choices: { yes: 'Yes', no: 'No' },
    words: 'Answer',
    submit: 'Send answer',
    secret: 'Nobody sees who chose what.',
  },

  timer: {
    title: 'Timer',
    start: 'A tap starts the timer for all:',
    startMinutes: (minutes: number) =>
      minutes === 1 ? 'Start 1 minute' : `Start ${minutes} minutes`,
    go: 'Start timer',
    stop: 'Stop timer',
    running: (minutes: number) =>
      minutes === 1 ? 'A timer of 1 minute is running.' : `A timer of ${minutes} minutes is running.`,
  },

  ready: {
    title: 'Ready?',
    about: 'Asks everyone: ready or not yet? Only teachers see the answers.',
    ask: 'Ask all',
    end: 'End question',
    count: (yes: number, all: number) => `${yes} of ${all}`,
    yes: 'Ready',
    notYet: 'Not yet',
    open: 'No answer',
    heading: (word: string, n: number) => `${word} · ${n}`,
    asks: (name: string) => `${name} asks: ready?`,
    told: 'The teacher sees the answer; it can be changed.',
  },

  pick: {
    title: 'Draw',
    about: 'Draws one pupil by lot. Everyone sees the name.',
    draw: 'Draw',
    again: 'Draw again',
    drawn: 'Drawn',
    told: (name: string) => `Drawn: ${name}`,
    gone: 'Somebody who has left',
  },

  announce: {
    title: 'Announcement',
    about: 'One line for all, in all groups.',
    line: 'Line',
    show: 'Show to all',
    replace: 'Replace',
    take: 'Take away',
    shown: 'Everyone reads',
    from: (name: string) => `Announcement by ${name}`,
  },

  focus: {
    title: 'Focus',
    toggle: 'Focus',
    hint: 'Pupils see and hear only teachers and what is shown. Teachers still see everyone.',
  },

  reactions,
  react: 'Reaction',
  reacted: (name: string, what: string) => `${name}: ${what}`,

  inRoom: {
    toggle: 'I am in the classroom',
    hint: 'The loudspeaker in the room plays the sound. This device stays silent, so that nothing echoes.',
  },

  rights: 'Rights',
  attendance: 'Attendance',

  talks: {
    title: 'Parents’ evening',
    none: 'No talks are planned for today.',
    allOver: 'All talks are over.',
    list: 'Talks of the day',
    family: (n: number) => `Family ${n}`,
    states: talkStates,
    waits: 'waiting',
    waiting: (n: number) => (n === 1 ? '1 family is waiting' : `${n} families are waiting`),
    begin: 'Begin',
    beginName: (name: string) => `Begin the talk with ${name}`,
    on: (name: string) => `Talk with ${name}`,
    finish: 'End talk',
    noShow: 'Did not come',
    skip: 'Pass over',
    actions: (name: string) => `Actions for ${name}`,
    waitsNow: 'Here now',
    next: (time: string, name: string) => `Next: ${time}, ${name}`,
    nextWaits: (time: string, name: string) => `Next: ${time}, ${name} is waiting`,
    last: 'This is the last talk.',
    soon: 'Time is nearly up.',
    overtime: 'Time is up. The talk is ending.',
    strip: (left: string) => `Talk · ${left}`,
    endsItself: 'The talk then ends by itself.',
  },
};

/** The shape of these texts. */
export type Toolbox = Widen<typeof toolbox>;
