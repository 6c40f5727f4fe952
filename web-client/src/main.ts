/**
 * Entry of the page, and small: it takes the link out of the address and asks what it opens while
 * the client itself is still on its way, and stays with the person if that does not come.
 */
import { takeLink } from './session/door';
import { browserEnvironment } from './session/environment';
import { Start } from './start';

// Asked for now: on a thin line a preload in the page would hold up the scripts, and the first use
// of the font would come later still. Without it text is readable.
void document.fonts.load('1rem "Atkinson Hyperlegible Next Variable"').catch(() => undefined);

const environment = browserEnvironment();
const start = new Start();
// A recording's page reads its own address.
start.link = environment.location.pathname === '/r' ? null : takeLink(environment);
import('./client')
  .then(({ open }) => open(environment, start.link, () => start.over()))
  .catch((error: unknown) => {
    console.error(error);
    return start.lost();
  });
