import { describe, expect, it, test } from 'vitest';
import { takeKey, type Place } from './address';
import { Archive } from './archive';
import { Failed, refused, troubleOf } from './trouble';

describe('the address', () => {
  function place(hash: string, stored: Record<string, string> = {}) {
    const replaced: unknown[] = [];
    const at: Place = {
      location: { hash, pathname: '/r', search: '?lang=de' },
      history: { replaceState: (...[, , url]) => void replaced.push(url) },
      storage: {
        getItem: (key) => stored[key] ?? null,
        setItem: (key, value) => void (stored[key] = value),
      },
    };
    return { at, replaced };
  }

  it('gives the key and is cleared; a reload finds it again', () => {
    const stored = {};
    const { at, replaced } = place('#r1.head.body.sign', stored);
    const key = { id: 'r1', access: 'head.body.sign' };
    expect(takeKey(at)).toEqual(key);
    expect(replaced).toEqual(['/r?lang=de']);
    expect(takeKey(place('', stored).at)).toEqual(key);
  });

  it.each(['#r1', '#r1.', '#.access', '#.'])('%s opens nothing', (hash) => {
    expect(takeKey(place(hash).at)).toBeNull();
  });

  it.each(['{', 'null', '{"id":1,"access":"a"}', '[]'])('does not trust %s in the storage', (text) => {
    expect(takeKey(place('', { 'kreide.recording': text }).at)).toBeNull();
  });
});

describe('the archive', () => {
  function archive(answer: (path: string, init: RequestInit) => Promise<Response> | Response) {
    const asked: [string, RequestInit][] = [];
    const ask = (async (path: string, init: RequestInit) => {
      asked.push([path, init]);
      return answer(path, init);
    }) as typeof fetch;
    return { it: new Archive('secret', ask), asked };
  }

  test('the access stands in the header, never in the address', async () => {
    const { it, asked } = archive(() => new Response('{"url":"/x"}'));
    await it.list();
    await it.index('r/1');
    await it.index('r1', undefined, 7);
    await it.release('r1', true);
    await it.erase('r1');
    expect(await it.ticket('r1')).toBe('/x');
    expect(asked.map(([path, { method }]) => `${method} ${path}`)).toEqual([
      'GET /api/recordings',
      'GET /api/recordings/r%2F1',
      'GET /api/recordings/r1?from=7',
      'POST /api/recordings/r1/release',
      'DELETE /api/recordings/r1',
      'POST /api/recordings/r1/download',
    ]);
    for (const [, { headers, credentials }] of asked) {
      expect(headers).toMatchObject({ authorization: 'Bearer secret' });
      expect(credentials).toBe('omit');
    }
    expect(asked[3]?.[1].body).toBe('{"released":true}');
  });

  test('bytes are asked for by range, and only what was asked for is taken', async () => {
    const good = archive(() => new Response(new Uint8Array(10), { status: 206 }));
    expect((await good.it.bytes('r1', 5, 10)).byteLength).toBe(10);
    expect(good.asked[0]?.[1].headers).toMatchObject({ range: 'bytes=5-14' });
    for (const reply of [
      new Response(new Uint8Array(10), { status: 200 }),
      new Response(new Uint8Array(9), { status: 206 }),
    ]) {
      await expect(archive(() => reply).it.bytes('r1', 5, 10)).rejects.toThrow(Failed);
    }
  });

  test.each([
    [401, 'expired'],
    [403, 'denied'],
    [404, 'gone'],
    [409, 'running'],
    [500, 'failed'],
    [503, 'unreachable'],
  ] as const)('a refusal with %i is %s', async (status, trouble) => {
    const { it } = archive(() => new Response('no JSON', { status }));
    expect(await it.list().catch(troubleOf)).toBe(trouble);
    expect(refused(status, null)).toBe(trouble);
  });

  test('a lost line is no refusal, and calling off is no fault', async () => {
    const { it } = archive(() => Promise.reject(new TypeError('no line')));
    expect(await it.list().catch(troubleOf)).toBe('unreachable');
    const stop = new AbortController();
    stop.abort();
    await expect(it.bytes('r1', 0, 1, stop.signal)).rejects.toBe(stop.signal.reason);
  });
});
