import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LessonEvent, Lock } from '../protocol';
import { SEAT } from './door';
import {
  answer, enter, event, phase, QUIET, recount, room, seq, session, settle, start,
} from './harness';
import { FakeSocket, line, pupil, RIGHTS, welcome, world } from './testing';

beforeEach(() => {
  vi.useFakeTimers();
  recount();
});
afterEach(() => vi.useRealTimers());

describe('the way in', () => {
  it('takes the secret out of the address bar before it asks', async () => {
    const at = world('#secret');
    start(at);
    expect(at.hash).toBe('');
    await settle();
    expect(at.asked).toEqual([{ link: 'secret' }]);
    expect(phase).toEqual({
      at: 'door',
      door: { title: '7b', role: 'pupil', name: 'Mia', access: 'a', choose: null },
    });
    expect(at.stored.size + at.lasting.size).toBe(0);
  });

  it('joins with the token that the door gave and keeps nothing but the seat', async () => {
    const at = world('#secret');
    const socket = await enter(at);
    expect(socket.url).toBe('wss://school.example/ws');
    expect(socket.heard('join')[0]).toMatchObject({ version: 1, with: { token: 'token' } });
    expect(room().people.map((one) => one.no)).toEqual([1, 2]);
    expect([...at.stored.keys()]).toEqual([SEAT]);
    expect(JSON.parse(at.stored.get(SEAT) ?? '')).toEqual({ resume: 'key-1', role: 'pupil' });
  });

  it('opens no device unless it was chosen, and only when the room is reached', async () => {
    const at = world('#secret');
    await enter(at);
    expect(at.opened).toEqual([]);
    const other = world('#secret');
    start(other);
    await settle();
    session.join(null, { ...QUIET, startMicrophone: true });
    await settle();
    expect(other.opened).toEqual([]);
    const socket = await answer(welcome());
    expect(other.opened).toHaveLength(1);
    expect(socket.heard('send')).toMatchObject([{ kind: 'microphone', on: true }]);
  });

  it('waits for the part of the lesson where that is late', async () => {
    const at = world('#secret');
    const lesson = await at.environment.lesson();
    let come = (_: typeof lesson) => {};
    at.environment.lesson = () => new Promise((resolve) => (come = resolve));
    start(at);
    await settle();
    session.join(null, QUIET);
    expect(phase.at).toBe('joining');
    expect(FakeSocket.all).toEqual([]);
    come(lesson);
    await answer(welcome());
    expect(phase.at).toBe('room');
  });

  it('does not enter any more when the person left meanwhile', async () => {
    const at = world('#secret');
    const lesson = await at.environment.lesson();
    let come = (_: typeof lesson) => {};
    at.environment.lesson = () => new Promise((resolve) => (come = resolve));
    start(at);
    await settle();
    session.join(null, QUIET);
    session.leave();
    come(lesson);
    await settle();
    expect(phase).toEqual({ at: 'out', reason: 'LEFT' });
    expect(FakeSocket.all).toEqual([]);
  });

  it('makes a fresh page with its link where the part of the lesson did not come', async () => {
    const at = world('#secret');
    at.environment.lesson = () => Promise.reject(new TypeError('no line'));
    start(at);
    await settle();
    session.join(null, QUIET);
    await settle();
    expect(phase).toEqual({ at: 'out', reason: 'CONNECTION_LOST' });
    // The line is back, or somebody looks at the page again.
    at.wake();
    await settle();
    expect([at.hash, at.renewed]).toEqual(['', null]);
    session.join(null, QUIET);
    await settle();
    session.retry();
    expect(at.renewed).toBe('#secret');
  });

  it('fetches the part of the lesson again at the press, where a browser does', async () => {
    const at = world('#secret');
    const { lesson } = at.environment;
    at.environment.lesson = () => Promise.reject(new TypeError('no line'));
    start(at);
    await settle();
    at.environment.lesson = lesson;
    session.join(null, QUIET);
    await answer(welcome());
    session.retry();
    expect([phase.at, at.renewed]).toEqual(['room', null]);
  });

  it('gets a fresh token when the door stood open too long', async () => {
    const at = world('#secret');
    start(at);
    await settle();
    await vi.advanceTimersByTimeAsync(5 * 60_000);
    session.join(null, QUIET);
    await settle();
    expect(at.asked).toHaveLength(2);
  });

  it.each([
    ['', null, 'LINK_INVALID'],
    ['#old', { status: 410, body: { code: 'LINK_EXPIRED', message: '' } }, 'LINK_EXPIRED'],
    ['#odd', { status: 500, body: 'no JSON of ours' }, 'INTERNAL'],
  ])('says why %s opens nothing', async (hash, reply, reason) => {
    const at = world(hash);
    if (reply) at.door = [reply];
    start(at);
    await settle();
    expect(phase).toEqual({ at: 'out', reason });
  });

  it('knocks again while the line is down and then says so', async () => {
    const at = world('#secret');
    at.door = [];
    start(at);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(at.asked).toHaveLength(5);
    expect(phase).toEqual({ at: 'out', reason: 'CONNECTION_LOST' });
    at.door = [{ status: 200, body: { token: 't', title: '7b', role: 'pupil', name: 'Mia' } }];
    at.wake();
    await settle();
    expect(phase.at).toBe('door');
  });

  it('returns to the seat after a reload, and says what is no longer sent', async () => {
    const at = world('');
    at.stored.set(SEAT, JSON.stringify({ resume: 'key-0', role: 'pupil' }));
    start(at);
    const reply = welcome();
    reply.snapshot?.participants.splice(0, 1, pupil(2, { sending: ['microphone'] }));
    const socket = await answer(reply);
    expect(socket.heard('join')[0]).toMatchObject({ with: { resume: 'key-0' } });
    expect(socket.heard('join')[0]?.since).toBeUndefined();
    expect(socket.heard('send')).toMatchObject([{ kind: 'microphone', on: false }]);
    expect(room().me).toBe(2);
  });

  it('goes by the link when the seat has gone', async () => {
    const at = world('#secret');
    const socket = await enter(at);
    socket.onclose?.();
    await vi.advanceTimersByTimeAsync(250);
    FakeSocket.last.onopen?.();
    FakeSocket.last.says({ type: 'error', code: 'RESUME_INVALID', message: '' });
    await vi.advanceTimersByTimeAsync(1_000);
    FakeSocket.last.onopen?.();
    expect(FakeSocket.last.heard('join')[0]).toMatchObject({ with: { token: 'token' } });
  });
});

describe('a lost line', () => {
  it('is told at once, keeps the room, and is asked for what was missed', async () => {
    const first = await enter(world('#secret'));
    await event(first, { kind: 'hand', who: 2, hand: 1 });
    first.onclose?.();
    await settle();
    expect(room().connection).toBe('lost');
    expect(room().notices).toContain('CONNECTION_LOST');
    expect(room().people).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(200);
    const second = await answer(
      welcome({
        snapshot: null,
        seq: 12,
        resume: 'key-2',
        missed: [{ seq: 12, at: 0, event: { kind: 'left', who: 1 } }],
      }),
    );
    expect(second).not.toBe(first);
    expect(second.heard('join')[0]).toMatchObject({ with: { resume: 'key-1' }, since: 11 });
    expect(room().connection).toBe('ok');
    expect(room().notices).not.toContain('CONNECTION_LOST');
    expect(room().people).toMatchObject([{ no: 2, hand: 1 }]);
  });

  it('opens no socket in vain while the server cannot be reached', async () => {
    const at = world('#secret');
    const socket = await enter(at);
    at.reachable = false;
    socket.onclose?.();
    await vi.advanceTimersByTimeAsync(60_000);
    // The first try knows nothing yet; the others ask first.
    expect(FakeSocket.all).toHaveLength(2);
    expect(at.probes).toBeGreaterThan(10);
    at.reachable = true;
    at.wake();
    await settle();
    expect(FakeSocket.all).toHaveLength(3);
  });

  it('is called long after 30 s and tried at once when the page wakes', async () => {
    const at = world('#secret');
    const socket = await enter(at);
    socket.onclose?.();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(room().connection).toBe('lostLong');
    const before = FakeSocket.all.length;
    await vi.advanceTimersByTimeAsync(1_500);
    at.wake();
    await settle();
    expect(FakeSocket.all.length).toBeGreaterThan(before);
  });

  it('is noticed when the server falls silent', async () => {
    const socket = await enter(world('#secret'));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(socket.heard('ping')).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(room().connection).toBe('ok');
    await vi.advanceTimersByTimeAsync(1);
    expect(room().connection).toBe('lost');
    expect(socket.closed).toBe(true);
  });

  it('carries over what was said meanwhile, a chat message once', async () => {
    const first = await enter(world('#secret'));
    session.chat('taken');
    session.chat('on its way');
    first.onclose?.();
    await settle();
    session.hand(true);
    session.hand(false);
    session.chat('later');
    await vi.advanceTimersByTimeAsync(200);
    const message = line(1, { from: 2, text: 'taken' });
    const second = await answer(
      welcome({
        snapshot: null,
        seq: 11,
        missed: [{ seq: 11, at: 0, event: { kind: 'chat', message } }],
      }),
    );
    expect(second.heard('chat').map((one) => one.text)).toEqual(['on its way', 'later']);
    expect(second.heard('hand').map((one) => one.up)).toEqual([false]);
  });

  it('asks for everything when an event is missing', async () => {
    const first = await enter(world('#secret'));
    first.says({ type: 'event', seq: 13, at: 0, event: { kind: 'left', who: 1 } });
    await settle();
    expect(first.closed).toBe(true);
    FakeSocket.last.onopen?.();
    expect(FakeSocket.last.heard('join')[0]?.since).toBe(10);
  });

  it('does not obey an owner of an older epoch', async () => {
    const first = await enter(world('#secret'));
    first.onclose?.();
    await vi.advanceTimersByTimeAsync(200);
    const stale = await answer(welcome({ epoch: 0 }));
    expect(stale.closed).toBe(true);
    expect(room().connection).toBe('lost');
  });
});

describe('the way out', () => {
  it.each(['OPENED_ELSEWHERE', 'REMOVED', 'LESSON_ENDED'] as const)(
    '%s is final until the person asks',
    async (code) => {
      const at = world('#secret');
      const socket = await enter(at, { ...QUIET, startCamera: true });
      socket.says({ type: 'closed', code });
      socket.onclose?.();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(phase).toMatchObject({ at: 'out', reason: code });
      expect(FakeSocket.all).toHaveLength(1);
      expect(at.opened[0]?.tracks[0]?.stopped).toBe(true);
      expect(at.stored.has(SEAT)).toBe(code === 'OPENED_ELSEWHERE');
    },
  );

  it('brings the lesson back here on request', async () => {
    const socket = await enter(world('#secret'));
    socket.says({ type: 'closed', code: 'OPENED_ELSEWHERE' });
    session.retry();
    const second = await answer(welcome({ resume: 'key-2' }));
    expect(second.heard('join')[0]).toMatchObject({ with: { resume: 'key-1' } });
    expect(room().me).toBe(2);
  });

  it('gives the seat up and stays at the door afterwards', async () => {
    const at = world('#secret');
    const socket = await enter(at);
    session.leave();
    expect(socket.heard('leave')).toHaveLength(1);
    expect(phase).toEqual({
      at: 'out',
      reason: 'LEFT',
      past: { role: 'pupil', lesson: 1, access: 'access' },
    });
    expect(at.stored.size).toBe(0);
    session.retry();
    await settle();
    expect(phase.at).toBe('door');
  });

  it('comes back by itself when the server restarts', async () => {
    const socket = await enter(world('#secret'));
    socket.says({ type: 'closed', code: 'GOING_AWAY' });
    await vi.advanceTimersByTimeAsync(250);
    await answer(welcome({ epoch: 2 }));
    expect(room().connection).toBe('ok');
  });
});

describe('own devices', () => {
  const on = { ...QUIET, startMicrophone: true };

  it('are stopped, not only silenced, by a lock; unlocking switches nothing on', async () => {
    const at = world('#secret');
    const socket = await enter(at, on);
    const rights = { ...RIGHTS, microphone: false };
    const locks: Lock[] = [{ what: 'microphone', by: 1 }];
    await event(socket, { kind: 'rights', who: 2, rights, locks, people: null });
    expect(room().own.microphone).toEqual({ state: 'locked', by: 1, why: 'lock' });
    expect(at.opened[0]?.tracks[0]?.stopped).toBe(true);
    session.setMicrophone(true);
    await settle();
    expect(at.opened).toHaveLength(1);
    await event(socket, {
      kind: 'rights',
      who: 2,
      rights: RIGHTS,
      locks: [],
      people: null,
    });
    expect(room().own.microphone).toEqual({ state: 'off' });
  });

  it('are stopped by a mute but not by the echo of the own word', async () => {
    const at = world('#secret');
    const socket = await enter(at, on);
    const off = { kind: 'sending', who: 2, source: 'microphone', on: false } as const;
    await event(socket, { ...off, by: 2 });
    expect(room().own.microphone.state).toBe('on');
    await event(socket, { ...off, by: 1 });
    expect(room().own.microphone).toEqual({ state: 'off' });
    expect(at.opened[0]?.tracks[0]?.stopped).toBe(true);
  });

  it('stay off when the teacher switched them off during a loss', async () => {
    const at = world('#secret');
    const first = await enter(at, on);
    const join = first.heard('send')[0];
    first.says({ type: 'ok', ref: join?.ref ?? 0 });
    await settle();
    first.onclose?.();
    await vi.advanceTimersByTimeAsync(200);
    await answer(welcome());
    expect(room().own.microphone).toEqual({ state: 'off' });
  });

  it('are announced again if the word was lost with the line', async () => {
    const first = await enter(world('#secret'), on);
    first.onclose?.();
    await vi.advanceTimersByTimeAsync(200);
    const second = await answer(welcome());
    expect(room().own.microphone.state).toBe('on');
    expect(second.heard('send')).toMatchObject([{ kind: 'microphone', on: true }]);
  });

  it('are closed again if they open after the person changed their mind', async () => {
    const at = world('#secret');
    await enter(at);
    session.setCamera(true);
    session.setCamera(false);
    await settle();
    expect(at.opened[0]?.tracks[0]?.stopped).toBe(true);
    expect(room().own.camera).toEqual({ state: 'off' });
  });

  it('fall back to another device when unplugged', async () => {
    const at = world('#secret');
    const socket = await enter(at, on);
    at.opened[0]?.tracks[0]?.dispatchEvent(new Event('ended'));
    await settle();
    expect(at.opened).toHaveLength(2);
    expect(room().own.microphone.state).toBe('on');
    expect(socket.heard('send')).toHaveLength(1);
  });

  it('tell why they cannot be opened', async () => {
    const at = world('#secret');
    await enter(at);
    const devices = at.environment.mediaDevices as MediaDevices;
    devices.getUserMedia = () => Promise.reject(new DOMException('', 'NotReadableError'));
    session.setCamera(true);
    await settle();
    expect(room().own.camera).toEqual({ state: 'failed', failure: 'DEVICE_BUSY' });
    expect(room().notices).toEqual(['BROWSER_OLD', 'DEVICE_BUSY']);
    session.dismiss('DEVICE_BUSY');
    await settle();
    expect(room().notices).toEqual(['BROWSER_OLD']);
  });

  it('refuse what the role may not send', async () => {
    const at = world('#secret');
    await enter(at);
    session.setContent(true);
    await settle();
    expect(at.opened).toEqual([]);
    expect(room().notices).toContain('DENIED');
  });
});

describe('the recording', () => {
  const soon = { id: 'r1', by: 1, running: false, since: 6_000 };
  const began = { ...soon, running: true };
  const announced = (recording = soon): LessonEvent => ({ kind: 'recording', recording, stopped: null });
  const told = (on: boolean): LessonEvent => ({ kind: 'recorded', who: 2, on });

  /** In the room as somebody whom the school may record. */
  async function asked(): Promise<FakeSocket> {
    start(world('#secret'));
    await settle();
    session.join(null, QUIET);
    return answer(welcome({ mayBeRecorded: true, now: Date.now() - 500 }));
  }

  it('is told in the local clock, and nobody is in it before their word', async () => {
    const socket = await asked();
    await event(socket, announced());
    expect(room().recording).toEqual({ ...soon, since: 6_500 });
    expect(room()).toMatchObject({ asked: true, recorded: [] });
    await event(socket, announced(began));
    expect(room()).toMatchObject({ asked: true, recorded: [] });
    session.recordConsent(true);
    await settle();
    expect(socket.heard('recordConsent')).toMatchObject([{ to: soon.id }]);
    expect(room()).toMatchObject({ asked: false, recorded: [] });
    await event(socket, told(true));
    expect(room().recorded).toEqual([2]);
  });

  it('asks neither those who may not be in it nor whoever records', async () => {
    const socket = await enter(world('#secret'));
    await event(socket, announced());
    expect(room().asked).toBe(false);
    await event(await asked(), announced({ ...soon, by: 2 }));
    expect(room().asked).toBe(false);
  });

  it('takes a no for an answer, for this recording only', async () => {
    const socket = await asked();
    await event(socket, announced());
    session.recordConsent(false);
    await settle();
    expect(room().asked).toBe(false);
    await event(socket, { kind: 'recording', recording: null, stopped: null });
    await event(socket, announced({ ...soon, id: 'r2' }));
    expect(room()).toMatchObject({ asked: true, recorded: [] });
  });

  it('carries nobody from one recording into the next', async () => {
    const socket = await asked();
    await event(socket, announced(began));
    session.recordConsent(true);
    await event(socket, told(true));
    await event(socket, announced({ ...soon, id: 'r2' }));
    expect(room()).toMatchObject({ asked: true, recorded: [] });
  });

  it('says a no again after a loss, but never a yes', async () => {
    for (const given of [true, false]) {
      const first = await asked();
      await event(first, announced(began));
      first.onclose?.();
      await settle();
      session.recordConsent(!given);
      session.recordConsent(given);
      await vi.advanceTimersByTimeAsync(200);
      const second = await answer(
        welcome({ mayBeRecorded: true, snapshot: null, seq: seq }),
      );
      const words = second.heard('recordConsent').map((one) => one.to ?? null);
      expect(words).toEqual(given ? [] : [null]);
      expect(room().asked).toBe(given);
      recount();
    }
  });

  it('asks again when the server has forgotten a yes', async () => {
    const socket = await asked();
    await event(socket, announced(began));
    session.recordConsent(true);
    await event(socket, told(true));
    await event(socket, told(false));
    expect(room()).toMatchObject({ asked: true, recorded: [] });
  });

  it('starts and stops by the teacher', async () => {
    const socket = await enter(world('#secret'));
    session.record(true);
    session.record(false);
    expect(socket.heard('record').map((one) => one.on)).toEqual([true, false]);
  });

  it('tells why it stopped and when, until that was read', async () => {
    const socket = await asked();
    await event(socket, announced(began));
    const stopped = { id: 'r1', why: 'storageFull', kept: true } as const;
    await event(socket, { kind: 'recording', recording: null, stopped });
    expect(room()).toMatchObject({ recording: null, stopped: { ...stopped, at: 500 } });
    session.dismissStopped();
    await settle();
    expect(room().stopped).toBeNull();
  });

  it('is found by whoever comes later', async () => {
    start(world('#secret'));
    await settle();
    session.join(null, QUIET);
    const reply = welcome({ mayBeRecorded: true });
    if (reply.snapshot) Object.assign(reply.snapshot, { recording: began, recorded: [] });
    await answer(reply);
    expect(room()).toMatchObject({ recording: { id: 'r1', running: true }, asked: true });
  });
});
