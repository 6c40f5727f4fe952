/** How a control looks at this moment: icon, noun, state, and what its tooltip says. */
import Ellipsis from '@lucide/svelte/icons/ellipsis';
import Hand from '@lucide/svelte/icons/hand';
import LayoutGrid from '@lucide/svelte/icons/layout-grid';
import LogOut from '@lucide/svelte/icons/log-out';
import MessageSquare from '@lucide/svelte/icons/message-square';
import Mic from '@lucide/svelte/icons/mic';
import MicOff from '@lucide/svelte/icons/mic-off';
import MonitorUp from '@lucide/svelte/icons/monitor-up';
import PhoneOff from '@lucide/svelte/icons/phone-off';
import Users from '@lucide/svelte/icons/users';
import Video from '@lucide/svelte/icons/video';
import VideoOff from '@lucide/svelte/icons/video-off';
import VolumeX from '@lucide/svelte/icons/volume-x';
import Wrench from '@lucide/svelte/icons/wrench';
import type { ComponentProps } from 'svelte';
import type { Room } from '../../session/model';
import type BarControl from '../../ui/parts/BarControl.svelte';
import { settings } from '../../ui/settings.svelte';
import { classroom } from '../../ui/text/classroom/words.svelte';
import { t } from '../../ui/text/words.svelte';
import { isOn, lockOf, me, ownOf } from './acts';
import type { Control } from './controls';
import type { Desk, Panel } from './desk.svelte';
import { keyOf } from './keys';
import { hands, lobby } from './seats';

/** What the bar passes to a control, but for where it stands and what a press does. */
export type Face = Omit<ComponentProps<typeof BarControl>, 'onpress' | 'align'>;

/** Panels that are reached by the tools. */
const TOOLS: readonly (Panel | null)[] = ['tools', 'recording', 'rights'];

/** The face of a control now. */
export function faceOf(control: Control, room: Room, desk: Desk): Face {
  const w = t();
  switch (control) {
    case 'microphone': {
      const on = isOn(room.own.microphone);
      const tip = on ? w.microphoneOff : w.microphoneOn;
      return sourceFace(control, room, on ? Mic : MicOff, w.microphone, tip);
    }
    case 'camera': {
      const on = isOn(room.own.camera);
      const tip = on ? w.cameraOff : w.cameraOn;
      return sourceFace(control, room, on ? Video : VideoOff, w.camera, tip);
    }
    case 'show': {
      const tip = isOn(room.own.content) ? w.showStop : w.showStart;
      return sourceFace(control, room, MonitorUp, w.show, tip);
    }
    case 'hand': {
      const up = me(room)?.hand != null;
      return {
        icon: Hand,
        label: w.hand,
        pressed: up,
        ...keyed(control, up ? w.handDown : w.handUp),
      };
    }
    case 'quiet': {
      const quiet = room.quiet !== null;
      return {
        icon: VolumeX,
        label: w.quiet,
        look: 'strong',
        pressed: quiet,
        tip: quiet ? w.quietOff : w.quietOn,
      };
    }
    case 'people': {
      const raised = hands(room.people).length;
      const waiting = lobby(room).length;
      const spoken = [
        ...(raised > 0 ? [w.hands(raised)] : []),
        ...(waiting > 0 ? [classroom().waitingSpoken(waiting)] : []),
      ];
      return {
        icon: Users,
        label: w.people,
        badge: { count: raised + waiting, spoken: spoken.join(', ') },
        ...panelFace(control, desk, w.peopleOpen, w.peopleClose),
      };
    }
    case 'chat': {
      const count = unread(room, desk);
      return {
        icon: MessageSquare,
        label: w.chat,
        badge: { count, spoken: w.unread(count) },
        ...panelFace(control, desk, w.chatOpen, w.chatClose),
      };
    }
    case 'view':
      return {
        icon: LayoutGrid,
        label: w.view,
        ...panelFace(control, desk, w.viewOpen, w.viewClose),
      };
    case 'tools':
      return {
        icon: Wrench,
        label: w.tools,
        ...panelFace(control, desk, w.toolsOpen, w.toolsClose),
        expanded: TOOLS.includes(desk.panel),
      };
    case 'more':
      return {
        icon: Ellipsis,
        label: w.more,
        ...panelFace(control, desk, w.moreOpen, w.moreClose),
        expanded: desk.panel === 'more' || desk.panel === 'settings',
      };
    case 'leave':
      return { icon: LogOut, label: w.leave, tip: w.leaveLesson, look: 'danger' };
    case 'hangUp':
      return { icon: PhoneOff, label: w.hangUp, tip: w.leaveLesson, look: 'danger' };
    case 'end':
      return { icon: LogOut, label: w.end, tip: w.endLesson, look: 'danger' };
  }
}

/** Messages of others that were never on this screen. */
export function unread(room: Room, desk: Desk): number {
  const { chat, me } = room;
  // Ids say no order; the list does.
  const seen = chat.findIndex(({ id }) => id === desk.read);
  return chat.slice(seen + 1).filter(({ from, shown }) => from !== me && shown === 'shown').length;
}

function sourceFace(
  control: 'microphone' | 'camera' | 'show',
  room: Room,
  icon: Face['icon'],
  label: string,
  verb: string,
): Face {
  const locked = lockOf(control, room);
  const source = ownOf(control, room);
  const face = { icon, label, pressed: isOn(source) };
  if (locked !== null) return { ...face, locked: true, tip: locked };
  if (control === 'microphone' && room.inRoom) return { ...face, tip: classroom().holdToSpeak };
  if (source.state === 'starting') return { ...face, tip: t().starting };
  if (source.state === 'failed') return { ...face, tip: t().failures[source.failure].say };
  return { ...face, ...keyed(control, verb) };
}

function panelFace(
  panel: Panel & Control,
  desk: Desk,
  open: string,
  close: string,
): Pick<Face, 'expanded' | 'tip' | 'key'> {
  const expanded = desk.panel === panel;
  return { expanded, ...keyed(panel, expanded ? close : open) };
}

function keyed(control: Control, verb: string): Pick<Face, 'tip' | 'key'> {
  const key = settings.keys ? keyOf(control) : undefined;
  return key === undefined ? { tip: verb } : { tip: t().withKey(verb, key), key };
}
