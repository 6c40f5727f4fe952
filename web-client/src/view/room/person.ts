/**
 * What can be done with one person, in the order of the menu. Everyone may choose who is large on
 * their own screen; all else is a teacher's. The server tells what was done and lets it be undone.
 */
import type { Participant } from '../../protocol';
import type { Room, Session } from '../../session/model';
import type { Action } from '../../ui/parts/Menu.svelte';
import { classroom } from '../../ui/text/classroom/words.svelte';
import { t } from '../../ui/text/words.svelte';
import type { Desk } from './desk.svelte';
import { isLed } from './kinds';

/** A question that an action asks before it acts. */
type Question = 'remove' | 'lock' | 'allow' | 'rename';

/** At most so many are pinned for all. */
const PINNED = 4;

/** The menu of a person. */
export function actions(
  who: Participant,
  room: Room,
  session: Session,
  desk: Desk,
  ask: (about: Question) => void,
): Action[] {
  const large = largeHere(who, desk);
  if (room.role !== 'teacher') return [large];
  const w = classroom();
  const led = isLed(who);
  return [
    ...(led ? [turn(who, room, session)] : []),
    ...off(who, session),
    ...(led
      ? [
          { word: w.locks, act: () => ask('lock') },
          { word: w.allows, act: () => ask('allow') },
        ]
      : []),
    spotlight(who, room, session),
    // Beside pinning for all it has to say that it is not that.
    desk.pinned?.participant === who.no ? large : { ...large, word: w.largeHere },
    { word: w.hideRecent, act: () => session.act({ type: 'hideRecent', who: who.no }) },
    { word: w.rename, act: () => ask('rename') },
    ...(who.role === 'teacher'
      ? []
      : [
          { word: w.toLobby, act: () => session.act({ type: 'toLobby', who: who.no }) },
          { word: t().remove, danger: true, act: () => ask('remove') },
        ]),
  ];
}

function turn(who: Participant, room: Room, session: Session): Action {
  const has = room.words.includes(who.no);
  return {
    word: has ? classroom().callOff : t().callOn,
    act: () => session.act({ type: 'letSpeak', who: who.no, on: !has }),
  };
}

function off({ no, sending }: Participant, session: Session): Action[] {
  const words = [
    ['microphone', t().mute],
    ['camera', t().cameraOffFor],
    ['content', t().contentOffFor],
  ] as const;
  return words
    .filter(([kind]) => sending.includes(kind))
    .map(([kind, word]) => ({ word, act: () => session.mute(no, kind) }));
}

function spotlight({ no }: Participant, { tools }: Room, session: Session): Action {
  const pinned = tools.spotlight.includes(no);
  const others = tools.spotlight.filter((one) => one !== no);
  const who = pinned ? others : [...others, no].slice(-PINNED);
  return {
    word: pinned ? classroom().spotlightEnd : classroom().spotlight,
    act: () => session.act({ type: 'tool', act: 'spotlight', who }),
  };
}

function largeHere({ no, sending }: Participant, desk: Desk): Action {
  const large = desk.pinned?.participant === no;
  const kind = sending.includes('content') ? ('content' as const) : ('camera' as const);
  return {
    word: large ? t().unpin : t().pin,
    act: () => (desk.pinned = large ? null : { participant: no, kind }),
  };
}
