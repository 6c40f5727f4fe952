/**
 * Made-up recordings for looking at screens without a server: answers `/api/recordings` inside the
 * page. The media is made on the spot from a drawn slide (without sound, which no page may make by itself), so
 * that the real player plays it. Not part of the built client.
 */
import type { FragmentInfo, RecordingIndex, RecordingInfo, Recordings } from '../../protocol';
import { slide } from './pictures';

const MIME = 'video/webm; codecs="vp8"';
const DAY = 86_400_000;

/** What the page asks for. */
export interface Shelf {
  count: number;
  manages: boolean;
  /** Every call fails with this status. */
  fault: number | null;
  /** A type that no browser plays. */
  unplayable: boolean;
}

/** From now on `fetch` answers for recordings itself; everything else goes on. */
export function serveRecordings(shelf: Shelf): void {
  let all = Array.from({ length: shelf.count }, (_, index) => made(index));
  const ask = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const path = typeof input === 'string' ? input : '';
    if (!path.startsWith('/api/recordings')) return ask(input, init);
    if (shelf.fault !== null) return new Response('{}', { status: shelf.fault });
    const [id = '', call = ''] = path.slice('/api/recordings/'.length).split('/');
    const one = all.find((info) => info.id === id);
    const seen = shelf.manages ? all : all.filter(({ released }) => released);
    if (id === '') {
      const list: Recordings = { title: TITLE, manages: shelf.manages, recordings: seen };
      return Response.json(list);
    }
    if (!one) return new Response('{}', { status: 404 });
    if (init?.method === 'DELETE') all = all.filter((info) => info !== one);
    else if (call === 'release') {
      const { released } = JSON.parse(String(init?.body)) as { released: boolean };
      all = all.map((info) => (info === one ? { ...info, released } : info));
    } else if (call === 'download') return Response.json({ url: 'data:,' });
    else return media(one, call, new Headers(init?.headers), shelf);
    return Response.json({});
  };
}

const TITLE = '7b · Mathematik';

function made(index: number): RecordingInfo {
  const started = new Date(2026, 10, 23, 9, 41).getTime() - index * 2 * DAY;
  return {
    id: `r${index + 1}`,
    lesson: 12 - index,
    started,
    length: (44 - ((index * 7) % 30)) * 60_000 + 12_000,
    bytes: 41_300_000 + index * 3_100_000,
    running: false,
    released: index % 2 === 1,
    keptUntil: started + 30 * DAY + 44 * 60_000 + 12_000,
  };
}

interface Media {
  bytes: Uint8Array<ArrayBuffer>;
  init: number;
  fragments: FragmentInfo[];
}

let drawn: Promise<Media> | null = null;

async function media(info: RecordingInfo, call: string, headers: Headers, shelf: Shelf) {
  const { bytes, init, fragments } = await (drawn ??= draw());
  if (call === 'media') {
    const [, from, to] = /(\d+)-(\d+)/u.exec(headers.get('range') ?? '') ?? [];
    return new Response(bytes.slice(Number(from), Number(to) + 1), { status: 206 });
  }
  const index: RecordingIndex = {
    title: TITLE,
    recording: info,
    manages: shelf.manages,
    mime: shelf.unplayable ? 'video/unheard-of' : MIME,
    init,
    fragments,
  };
  return Response.json(index);
}

/** A second of slide, cut where its clusters begin. */
async function draw(): Promise<Media> {
  const recorder = new MediaRecorder(slide(), { mimeType: MIME });
  const parts: Blob[] = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.start();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await new Promise((resolve) => {
    recorder.onstop = resolve;
    recorder.stop();
  });
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  const view = new DataView(bytes.buffer);
  const cuts = clusters(view);
  const fragments = cuts.map((offset, index) => ({
    start: index * 1000,
    offset,
    length: 12 + view.getUint32(offset + 8),
    keyframe: index === 0,
  }));
  return { bytes, init: cuts[0] ?? bytes.length, fragments };
}

/** Where the element Cluster stands (RFC 9559, section 5.1.3), with its size in eight bytes. */
function clusters(view: DataView): number[] {
  const found: number[] = [];
  for (let at = 0; at + 12 <= view.byteLength; at += 1) {
    if (view.getUint32(at) === 0x1f43_b675 && view.getUint32(at + 4) === 0x0100_0000) found.push(at);
  }
  return found;
}
