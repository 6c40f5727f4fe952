/** The client behind the entry: one session and one view of it, or at `/r` the player of a recording. */
import { mount } from 'svelte';
import { createSession, type Environment, type Link } from './session';
import App from './ui/App.svelte';

/**
 * Shows the client; `link` is what the address held. Calls `ready` when all is there, before anything
 * is shown; rejects if something cannot be fetched.
 */
export async function open(environment: Environment, link: Link | null, ready: () => void): Promise<void> {
  const watch = environment.location.pathname === '/r' && (await import('./view/watch/Watch.svelte'));
  const target = document.getElementById('app');
  ready();
  if (target && watch) mount(watch.default, { target });
  else if (target) mount(App, { target, props: { session: createSession(environment, link) } });
}
