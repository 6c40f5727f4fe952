/** Entry of the page: one session and one view of it, or at `/r` the player of a recording. */
import { mount } from 'svelte';
import { browserEnvironment, createSession } from './session';
import App from './ui/App.svelte';

// Asked for now, while the door is on its way: on a thin line a preload in the page would hold up
// the scripts, and the first use of the font would come later still. Without it text is readable.
void document.fonts.load('1rem "Atkinson Hyperlegible Next Variable"').catch(() => undefined);

const target = document.getElementById('app');
if (target && location.pathname === '/r') {
  void import('./view/watch/Watch.svelte').then(({ default: Watch }) => mount(Watch, { target }));
} else if (target) {
  mount(App, { target, props: { session: createSession(browserEnvironment()) } });
}
