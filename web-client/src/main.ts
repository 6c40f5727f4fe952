/** Entry of the page: one session, one view of it. */
import { mount } from 'svelte';
import { browserEnvironment, createSession } from './session';
import App from './ui/App.svelte';

const target = document.getElementById('app');
if (target) mount(App, { target, props: { session: createSession(browserEnvironment()) } });
