/**
 * Forwards TCP from one address to another; as a program, in whichever network namespace it is
 * started: `node forward.mjs FROM TO`, both `HOST:PORT`. It prints `ready` when it listens.
 *
 * Browsers give the camera to a page of 127.0.0.1 without a certificate, and to none of another
 * address: so each side of a link has the server at its own loopback address.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** @param {{host: string, port: number}} from @param {{host: string, port: number}} to */
export async function forward(from, to) {
  const server = createServer((near) => {
    const far = connect(to);
    for (const [one, other] of [[near, far], [far, near]]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
  }).listen(from.port, from.host);
  await once(server, 'listening');
  return server;
}

if (process.argv[1] === import.meta.filename) {
  const [from, to] = process.argv.slice(2).map((words) => {
    const [host, port] = words.split(':');
    return { host, port: Number(port) };
  });
  await forward(from, to);
  console.log('ready');
}
