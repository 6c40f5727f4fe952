/**
 * Entry of the development page `/ui.html`: the whole client on a made-up session. Everything is
 * chosen in the address: at, role, count, content, dark, link, connection, notices, reason, chat,
 * lang and theme.
 */
import { mount } from 'svelte';
import type { Role } from '../../protocol';
import type { Failure, Room } from '../../session/model';
import App from '../../ui/App.svelte';
import { settings } from '../../ui/settings.svelte';
import { fakeSession, type Scene } from './fake';

const asked = new URLSearchParams(location.search);
const number = (name: string, otherwise: number) => Number(asked.get(name) ?? otherwise);

const theme = asked.get('theme');
if (theme === 'light' || theme === 'dark') settings.theme = theme;

const target = document.getElementById('app');
if (target) {
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
  });
  mount(App, { target, props: { session } });
}
