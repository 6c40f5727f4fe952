/**
 * The built client and one recording behind the calls of `/api/recordings`, without the rest of
 * the server: the film is made by ffmpeg, three minutes of which every ten seconds have a colour of
 * their own, with a keyframe in every fourth fragment only.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { build } from 'vite';

const SECONDS = 180;
const ACCESS = 'head.body.sign';
const ID = 'r1';

export const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** As the real server has it. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
  "media-src 'self' blob: mediastream:; font-src 'self'; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html";

/** The colour at a second of the film, as red, green and blue. */
export function colourAt(second) {
  const step = Math.floor(second / 10);
  return [(step * 97) % 200 + 40, (step * 53) % 200 + 40, (step * 151) % 200 + 40];
}

/** Starts it. `state` is what the test turns: see below. */
export async function startShelf() {
  const folder = mkdtempSync(join(tmpdir(), 'kreide-shelf-'));
  const film = draw(join(folder, 'film.webm'));
  const dist = join(folder, 'dist');
  await build({ root: join(import.meta.dirname, '..', '..'), logLevel: 'error', build: { outDir: dist, emptyOutDir: true } });
  const state = {
    /** Fragments that exist already. */
    made: film.fragments.length,
    running: false,
    /** Status of every refusal, or null. */
    fault: null,
    /** The line is cut: nothing is answered. */
    cut: false,
    /** Media waits for this promise, or for nothing. */
    held: null,
    /** Ranges that were asked for. */
    ranges: [],
    /** Indexes that were asked for, each by the first fragment it was to have. */
    indexes: [],
    seconds: SECONDS,
  };

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    if (pathname.startsWith('/api/')) {
      if (state.cut) return request.socket.destroy();
      return answer(film, state, request, response, pathname, Number(searchParams.get('from')));
    }
    const name = extname(pathname) === '' ? 'index.html' : pathname.slice(1);
    try {
      const body = readFileSync(join(dist, name));
      response.setHeader('content-type', TYPES[extname(name)] ?? 'application/octet-stream');
      response.setHeader('content-security-policy', POLICY);
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    state,
    film,
    url,
    link: `${url}/r?lang=de#${ID}.${ACCESS}`,
    close() {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answer(film, state, request, response, pathname, from) {
  const json = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  if (pathname === '/api/file') return send(film.bytes, request, response);
  if (request.headers.authorization !== `Bearer ${ACCESS}`) return json(401, { code: 'TOKEN_INVALID' });
  if (state.fault !== null) return json(state.fault, {});
  if (pathname === `/api/recordings/${ID}/media`) {
    state.ranges.push(request.headers.range);
    return void Promise.resolve(state.held).then(() => send(film.bytes, request, response));
  }
  if (pathname === `/api/recordings/${ID}/download`) return json(200, { url: '/api/file' });
  state.indexes.push(from);
  const fragments = film.fragments.slice(from, state.made);
  const length = state.running ? state.made * 2000 : SECONDS * 1000;
  return json(200, {
    title: '7b',
    manages: true,
    mime: 'video/webm; codecs="vp8,opus"',
    init: film.init,
    fragments,
    recording: {
      id: ID, lesson: 1, started: Date.UTC(2026, 10, 23, 8, 41), length, bytes: film.bytes.length,
      running: state.running, released: false, keptUntil: Date.UTC(2026, 11, 23),
    },
  });
}

function send(bytes, request, response) {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/u.exec(request.headers.range ?? '') ?? [];
  if (from === undefined) {
    response.writeHead(200, { 'content-type': 'video/webm', 'content-disposition': 'attachment; filename="7b.webm"' });
    return response.end(bytes);
  }
  const last = Math.min(to === '' ? bytes.length - 1 : Number(to), bytes.length - 1);
  response.writeHead(206, {
    'content-type': 'video/webm',
    'content-range': `bytes ${from}-${last}/${bytes.length}`,
  });
  response.end(bytes.subarray(Number(from), last + 1));
}

/** Makes the film and finds its fragments. */
function draw(path) {
  const colours = Array.from({ length: SECONDS / 10 }, (_, step) => {
    const hex = colourAt(step * 10).map((part) => part.toString(16).padStart(2, '0')).join('');
    return ['-f', 'lavfi', '-t', '10', '-i', `color=c=0x${hex}:size=160x90:rate=10`];
  });
  execFileSync('ffmpeg', [
    '-v', 'error', ...colours.flat(),
    '-f', 'lavfi', '-t', String(SECONDS), '-i', 'sine=frequency=440:sample_rate=48000',
    '-filter_complex', `concat=n=${colours.length}[v]`, '-map', '[v]', '-map', `${colours.length}:a`,
    '-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '100k', '-g', '80', '-keyint_min', '80',
    '-c:a', 'libopus', '-b:a', '16k', '-cluster_time_limit', '2000', '-y', path,
  ]);
  const bytes = readFileSync(path);
  const segment = elements(bytes, 0).find(({ id }) => id === 0x18538067);
  const clusters = elements(bytes, segment.data, segment.end).filter(({ id }) => id === 0x1f43b675);
  return {
    bytes,
    init: clusters[0].at,
    fragments: clusters.map(({ at, data, end }) => {
      const inside = elements(bytes, data, end);
      const time = inside.find(({ id }) => id === 0xe7);
      const picture = inside.find(({ id, data: block }) => id === 0xa3 && bytes[block] === 0x81);
      return {
        start: bytes.readUIntBE(time.data, time.end - time.data),
        offset: at,
        length: end - at,
        keyframe: picture !== undefined && (bytes[picture.data + 3] & 0x80) !== 0,
      };
    }),
  };
}

/** Elements of one level (RFC 8794, section 6). */
function elements(bytes, from, to = bytes.length) {
  const found = [];
  for (let at = from; at < to; ) {
    const idLength = Math.clz32(bytes[at]) - 23;
    const id = bytes.readUIntBE(at, idLength);
    const sizeLength = Math.clz32(bytes[at + idLength]) - 23;
    let size = bytes[at + idLength] & (0xff >> sizeLength);
    for (let more = 1; more < sizeLength; more += 1) size = size * 256 + bytes[at + idLength + more];
    const data = at + idLength + sizeLength;
    const end = Math.min(data + size, to);
    found.push({ id, at, data, end });
    at = end;
  }
  return found;
}
