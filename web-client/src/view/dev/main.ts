/**
 * Entry of the development page `/ui`: every part of the look (`page`: parts, tools, texts or room),
 * or, if `at` or `role` is given, the whole client on a made-up session. What it shows is chosen in
 * the address: at, role, count, content, dark, link, connection, notices, reason, chat, quiet,
 * paused, captions, moving, recording (soon, runs), consent (none, asked, yes, no), stopped (why),
 * rest (no teacher), locked (kinds), lobby (how many), why (lobby, begin, talk; at=waiting), late
 * (minutes), roster (names), word, invited, inroom, simple, groups (how many), outside (of them),
 * spotlight (how many), on (poll, ready, choice, timer, announce, picked, focus),
 * recordings (how many), fault (a status), unplayable, lang and theme. `at=watch` is the player.
 */
import { mount } from 'svelte';
import type { LockKind, Role } from '../../protocol';
import type { Failure, Room, Wait } from '../../session/model';
import App from '../../ui/App.svelte';
import { settings } from '../../ui/settings.svelte';
import { addressAs } from '../../ui/text/words.svelte';
import { fakeSession, type Scene } from './fake';
import Gallery from './gallery/Gallery.svelte';
import { keepMoving } from './pictures';
import { serveRecordings } from './recordings';

// Tests change colours and language in place: loading the page for each would take minutes.
Object.assign(globalThis, { kreideUi: { settings, addressAs } });

const asked = new URLSearchParams(location.search);
const number = (name: string, otherwise: number) => Number(asked.get(name) ?? otherwise);

const theme = asked.get('theme');
if (theme === 'light' || theme === 'dark') settings.theme = theme;

serveRecordings({
  count: number('recordings', 0),
  manages: (asked.get('role') ?? 'teacher') === 'teacher',
  fault: asked.has('fault') ? number('fault', 500) : null,
  unplayable: asked.has('unplayable'),
});

const target = document.getElementById('app');
if (target && asked.get('at') === 'watch') {
  history.replaceState(null, '', `${location.pathname}${location.search}#r1.access`);
  void import('../watch/Watch.svelte').then(({ default: Watch }) => mount(Watch, { target }));
} else if (target && !asked.has('at') && !asked.has('role')) {
  const page = asked.get('page');
  const start = page === 'tools' || page === 'texts' || page === 'room' ? page : 'parts';
  mount(Gallery, { target, props: { start } });
} else if (target) {
  if (asked.has('moving')) keepMoving();
  const session = fakeSession({
    at: (asked.get('at') ?? 'room') as Scene['at'],
    role: (asked.get('role') ?? 'teacher') as Role,
    count: number('count', 9),
    content: asked.has('content'),
    dark: number('dark', 0),
    link: asked.get('link') === 'class' ? 'class' : 'personal',
    connection: (asked.get('connection') ?? 'ok') as Room['connection'],
    notices: (asked.get('notices')?.split(',') ?? []) as Failure[],
    reason: (asked.get('reason') ?? 'LEFT') as Scene['reason'],
    chat: asked.has('chat'),
    quiet: asked.has('quiet'),
    roster: number('roster', 0),
    rest: asked.has('rest'),
    locked: (asked.get('locked')?.split(',') ?? []) as LockKind[],
    lobby: number('lobby', 0),
    why: (asked.get('why') ?? 'lobby') as Wait['why'],
    late: number('late', 0),
    word: asked.has('word'),
    invited: asked.has('invited'),
    inRoom: asked.has('inroom'),
    simple: asked.has('simple'),
    groups: number('groups', 0),
    outside: asked.has('outside'),
    spotlight: number('spotlight', 0),
    on: asked.get('on')?.split(',') ?? [],
    paused: asked.has('paused'),
    captions: asked.has('captions'),
    recording: asked.get('recording') as Scene['recording'],
    consent: (asked.get('consent') ?? 'none') as Scene['consent'],
    stopped: asked.get('stopped') as Scene['stopped'],
  });
  Object.assign(globalThis, { kreideOthers: session });
  mount(App, { target, props: { session } });
}
