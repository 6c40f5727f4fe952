/**
 * A made-up session for looking at screens without a server: `/ui.html?role=pupil&count=9`.
 * What is said becomes the event that the server would tell; what events mean is the session's own
 * code. It knows nobody else. Not part of the built client.
 */
import type { ActKind, Kind, LessonEvent, Lock, LockKind, Rights } from '../../protocol';
import { apply } from '../../session/events';
import {
  pictureKey,
  type Act,
  type OwnSource,
  type Phase,
  type Room,
  type Session,
} from '../../session/model';
import { Moments } from '../../session/moments';
import { effective, heldBy } from '../../session/rights';
import { roomOf } from '../../session/room';
import { person, type Lesson } from '../../session/state';
import { face, slide } from './pictures';
import { door, LEAD, lesson as lessonOf, soon, wait, type Scene } from './scene';

export type { Scene };

/** What others do: only here, on a page for looking. */
export interface Others {
  raiseHand(no: number): void;
  /** Whatever the server could tell. */
  happen(event: LessonEvent): void;
}

type Source = 'microphone' | 'camera' | 'content';

export function fakeSession(scene: Scene): Session & Others {
  let observer: (phase: Phase) => void = () => undefined;
  let lesson = lessonOf(scene);
  let notices = scene.notices;
  let asked = scene.recording !== null && scene.consent === 'asked';
  let connection = scene.connection;
  let stopSeen: string | null = null;
  let acts = 0;
  let at: Scene['at'] = scene.at;
  let out: Phase = { at: 'out', reason: scene.reason, past: past(scene) };
  const own = owns(lesson);
  const moments = new Moments(() => draw());
  if (scene.invited) moments.invited = { source: 'microphone', by: 1 };

  function now(): Phase {
    switch (at) {
      case 'arriving':
        return { at };
      case 'door':
      case 'joining':
        return { at, door: door(scene) };
      case 'waiting':
        return { at, wait: wait(scene) };
      case 'out':
        return out;
      case 'room': {
        const room = look();
        return room ? { at, room } : out;
      }
    }
  }

  function look(): Room | null {
    const room = roomOf(lesson, {
      role: scene.role,
      asked,
      stopSeen,
      speaking: scene.count > 3 ? [4] : [],
      own: { ...own },
      pictures: pictures(lesson),
      connection,
      notices,
      moments,
    });
    const still = lesson.people.filter(({ no }) => no % 3 === 0);
    return room && scene.paused
      ? { ...room, still: new Set(still.map(({ no }) => pictureKey(no, 'camera'))) }
      : room;
  }

  function draw() {
    observer(now());
  }

  function happen(event: LessonEvent) {
    lesson = apply(lesson, event, Date.now());
    draw();
  }

  /** A teacher did something that can be taken back. */
  function did(who: number, what: ActKind) {
    acts += 1;
    happen({ kind: 'acted', acted: { id: acts, by: lesson.me, until: Date.now() + 20_000, who, what } });
  }

  function source(kind: Source, on: boolean) {
    own[kind] = on ? { state: 'on', stream: kind === 'content' ? slide() : face(lesson.me) } : { state: 'off' };
    if (on) moments.decline(kind);
    happen({ kind: 'sending', who: lesson.me, source: kind, on, by: lesson.me });
  }

  function rights(who: number, what: LockKind, change: (locks: Lock[]) => Lock[], allowed: boolean) {
    const one = person(lesson, who);
    if (!one) return;
    const next: Rights = { ...one.rights, [what]: allowed };
    happen({ kind: 'rights', who, rights: next, locks: change(one.locks), people: null });
  }

  /** Of what can be undone, locks are here; the rest only looks so. */
  function takeBack(id: number) {
    const acted = lesson.acted.find((one) => one.id === id);
    if (acted?.what.did !== 'locked') return;
    const { what, locked } = acted.what;
    rights(acted.who, what, (locks) => changed(locks, what, !locked), locked);
  }

  function record(on: boolean) {
    const { recording, me } = lesson;
    if (on) happen({ kind: 'recording', recording: soon(me), stopped: null });
    else {
      const stopped = recording && { id: 'r1', why: 'ordered' as const, kept: recording.running };
      happen({ kind: 'recording', recording: null, stopped });
    }
    if (!on) return;
    setTimeout(() => {
      const { recording: soon } = lesson;
      if (soon) happen({ kind: 'recording', recording: { ...soon, running: true }, stopped: null });
    }, LEAD);
  }

  function act(message: Act) {
    switch (message.type) {
      case 'quiet':
        return happen({ kind: 'quiet', by: message.on ? lesson.me : null });
      case 'letSpeak':
        happen({ kind: 'hand', who: message.who, hand: null });
        happen({ kind: 'letSpeak', who: message.who, on: message.on, by: lesson.me });
        return did(message.who, { did: 'letSpeak', on: message.on });
      case 'undo':
        takeBack(message.id);
        return happen({ kind: 'undone', id: message.id, by: lesson.me });
      case 'grant':
        rights(message.who, message.what, (locks) => locks, message.on);
        return did(message.who, { did: 'granted', what: message.what, on: message.on });
      case 'rename': {
        const { name, who = lesson.me } = message;
        return happen({ kind: 'renamed', who, name, by: lesson.me });
      }
      case 'caption':
        return happen({ kind: 'caption', from: lesson.me, text: message.text });
      case 'admit':
      case 'turnAway':
        for (const { no } of lesson.waiting) {
          if (message.who === undefined || message.who === no) {
            happen({ kind: 'waitEnded', who: no, by: null });
          }
        }
        return;
      case 'toLobby': {
        const one = person(lesson, message.who);
        if (!one) return;
        const { no, name, role } = one;
        happen({ kind: 'waiting', waiter: { no, name, role, why: 'lobby', talk: null } });
        return did(no, { did: 'sentToLobby' });
      }
      case 'hideRecent':
        return did(message.who, { did: 'hid' });
      case 'editChat':
      case 'deleteChat': {
        const old = lesson.chat.find(({ id }) => id === message.id);
        if (!old) return;
        return happen({
          kind: 'chatChanged',
          message:
            message.type === 'editChat'
              ? { ...old, text: message.text, edited: true }
              : { ...old, text: '', shown: 'deleted' },
        });
      }
      case 'tool':
        if (message.act === 'spotlight') {
          return happen({ kind: 'tools', tools: { ...lesson.tools, spotlight: message.who } });
        }
        if (message.act === 'inRoom') {
          return happen({ kind: 'inRoom', who: lesson.me, on: message.on });
        }
        if (message.act === 'react') moments.reacted(lesson.me, message.what);
        return;
      default:
        console.debug('act', message);
    }
  }

  function leave(reason: 'LEFT' | 'LESSON_ENDED') {
    at = 'out';
    out = { at: 'out', reason, past: past(scene) };
    draw();
  }

  function enter() {
    at = 'room';
    connection = 'ok';
    lesson = lessonOf(scene);
    draw();
  }

  return {
    subscribe(callback) {
      observer = callback;
      callback(now());
      return () => (observer = () => undefined);
    },
    join: enter,
    retry: enter,
    setMicrophone: (on) => source('microphone', on),
    setCamera: (on) => source('camera', on),
    setContent: (on) => source('content', on),
    chooseDevices: () => undefined,
    look: (wishes) => console.debug('look', wishes),
    hand: (up) => happen({ kind: 'hand', who: lesson.me, hand: up ? 99 : null }),
    raiseHand: (no) => happen({ kind: 'hand', who: no, hand: 50 + no }),
    lowerHand: (who) => happen({ kind: 'hand', who, hand: null }),
    happen,
    chat: (text, to) =>
      happen({
        kind: 'chat',
        message: {
          id: lesson.chat.length + 1,
          from: lesson.me,
          to: to ?? null,
          text,
          at: Date.now(),
          edited: false,
          shown: 'shown',
        },
      }),
    act,
    ask: (message) => Promise.resolve(act(message as Act)),
    mute: (who, kind) => {
      happen({ kind: 'sending', who, source: kind, on: false, by: lesson.me });
      did(who, { did: 'muted', source: kind });
    },
    lock: (who, what, on) => {
      const change = (locks: Lock[]) => changed(locks, what, on);
      if (who === null) return happen({ kind: 'locks', locks: change(lesson.locks), people: null });
      rights(who, what, change, !on);
      did(who, { did: 'locked', what, locked: on });
    },
    remove: (who) => happen({ kind: 'removed', who, by: lesson.me }),
    record,
    recordConsent: (given) => {
      asked = false;
      happen({ kind: 'recorded', who: lesson.me, on: given });
    },
    dismissStopped: () => {
      stopSeen = lesson.stopped?.id ?? null;
      draw();
    },
    dismissInvited: () => moments.decline(),
    leave: () => leave('LEFT'),
    endForAll: () => leave('LESSON_ENDED'),
    dismiss: (failure) => {
      notices = notices.filter((one) => one !== failure);
      draw();
    },
  };
}

function changed(locks: Lock[], what: LockKind, on: boolean): Lock[] {
  const others = locks.filter((lock) => lock.what !== what);
  return on ? [...others, { what, by: 1 }] : others;
}

function past({ role }: Scene) {
  return { role, lesson: 12, access: 'access' };
}

/** The own sources as the lesson has them. */
function owns(lesson: Lesson): Record<Source, OwnSource> {
  const me = person(lesson, lesson.me);
  const state = (kind: Source): OwnSource => {
    const held = me && heldBy(lesson, me, kind);
    if (held) return { state: 'locked', ...held };
    if (!me || !effective(lesson, me)[kind] || !me.sending.includes(kind)) return { state: 'off' };
    const stream = kind === 'microphone' ? new MediaStream() : kind === 'camera' ? face(me.no) : slide();
    return { state: 'on', stream };
  };
  return {
    microphone: state('microphone'),
    camera: state('camera'),
    content: { state: 'off' },
  };
}

function pictures({ people }: Lesson): ReadonlyMap<string, MediaStream> {
  const all = new Map<string, MediaStream>();
  const is = (kind: Kind) => people.filter(({ sending }) => sending.includes(kind));
  for (const { no } of is('camera')) all.set(pictureKey(no, 'camera'), face(no));
  for (const { no } of is('content')) all.set(pictureKey(no, 'content'), slide());
  return all;
}
