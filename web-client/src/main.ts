/**
 * Entry of the page, and small: it takes the link out of the address and asks what it opens while
 * the client itself is still on its way.
 */
import { takeLink } from './session/door';
import { browserEnvironment } from './session/environment';

// Asked for now: on a thin line a preload in the page would hold up the scripts, and the first use
// of the font would come later still. Without it text is readable.
void document.fonts.load('1rem "Atkinson Hyperlegible Next Variable"').catch(() => undefined);

const environment = browserEnvironment();
// A recording's page reads its own address.
const link = environment.location.pathname === '/r' ? null : takeLink(environment);
void import('./client').then(({ open }) => open(environment, link));
