/**
 * A TCP proxy in front of the HTTP port that can cut every connection and refuse new ones, as a
 * network does that goes away: what a browser's own offline switch does not do to open sockets.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** @param {number} port of the loopback address to forward to */
export async function startProxy(port) {
  const pairs = new Set();
  let open = true;
  const server = createServer((near) => {
    if (!open) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    const pair = [near, far];
    pairs.add(pair);
    for (const [from, to] of [pair, [far, near]]) {
      from.on('error', () => to.destroy());
      from.on('close', () => {
        to.destroy();
        pairs.delete(pair);
      });
      from.pipe(to);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** Resets every connection and refuses new ones until `mend()`. */
    cut() {
      open = false;
      for (const [near] of pairs) near.resetAndDestroy();
    },
    mend() {
      open = true;
    },
    async stop() {
      this.cut();
      server.close();
      await once(server, 'close');
    },
  };
}
