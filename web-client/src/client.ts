/** The client behind the entry: one session and one view of it, or at `/r` the player of a recording. */
import { mount } from 'svelte';
import { createSession, type Environment, type Link } from './session';
import App from './ui/App.svelte';

/** Shows the client; `link` is what the address held. */
export function open(environment: Environment, link: Link | null): void {
  const target = document.getElementById('app');
  if (target && environment.location.pathname === '/r') {
    void import('./view/watch/Watch.svelte').then(({ default: Watch }) => mount(Watch, { target }));
  } else if (target) {
    mount(App, { target, props: { session: createSession(environment, link) } });
  }
}
