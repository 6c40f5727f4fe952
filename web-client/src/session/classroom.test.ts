/** What a classroom adds to a lesson: waiting, quiet, the word, invitations, and the classroom itself. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LessonEvent, Participant, Waiting } from '../protocol';
import { DEVICE, SEAT } from './door';
import {
  answer, enter, event, phase, QUIET, reach, recount, room, session, settle, start,
} from './harness';
import { CALM, FakeSocket, pupil, RIGHTS, welcome, world, type World } from './testing';

const on = { ...QUIET, startMicrophone: true };
const waiting = (part: Partial<Waiting> = {}): { type: 'waiting' } & Waiting => ({
  type: 'waiting',
  why: 'lobby',
  title: '7b',
  resume: 'place-1',
  talk: null,
  expected: null,
  now: Date.now(),
  ...part,
});

beforeEach(() => {
  vi.useFakeTimers();
  recount();
});
afterEach(() => vi.useRealTimers());

/** From the link into the queue. */
async function queue(at: World, told = waiting()): Promise<FakeSocket> {
  start(at);
  await settle();
  session.join(null, on);
  const socket = await reach();
  socket.says(told);
  await settle();
  return socket;
}

describe('the queue', () => {
  it('opens no device, keeps the place, and leads in', async () => {
    const at = world('#secret');
    const socket = await queue(at);
    expect(phase).toMatchObject({ at: 'waiting', wait: { why: 'lobby', title: '7b', role: 'pupil' } });
    expect(JSON.parse(at.stored.get(SEAT) ?? '')).toMatchObject({ resume: 'place-1' });
    expect(at.opened).toEqual([]);
    socket.says(welcome());
    await settle();
    expect(room().me).toBe(2);
    expect(socket.heard('send')).toMatchObject([{ kind: 'microphone', on: true }]);
  });

  it('tells its times in the local clock, and again when they change', async () => {
    const talk = { slot: 3, begins: 60_000, minutes: 10, state: 'planned', until: null } as const;
    const now = Date.now() - 5_000;
    const told = waiting({ why: 'talk', talk, expected: 90_000, now });
    const socket = await queue(world('#secret'), told);
    expect(phase).toMatchObject({ wait: { expected: 95_000, talk: { begins: 65_000 } } });
    socket.says({ ...told, expected: 120_000 });
    await settle();
    expect(phase).toMatchObject({ wait: { expected: 125_000 } });
  });

  it('is found again after a loss, and no lesson is told meanwhile', async () => {
    const first = await queue(world('#secret'));
    first.says({ type: 'event', seq: 11, at: 0, event: { kind: 'left', who: 1 } });
    first.onclose?.();
    await settle();
    expect(phase).toMatchObject({ at: 'waiting', wait: { connection: 'lost' } });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(phase).toMatchObject({ at: 'waiting', wait: { connection: 'lostLong' } });
    const second = await reach();
    expect(second.heard('join')[0]).toMatchObject({ with: { resume: 'place-1' } });
    expect(second.heard('join')[0]?.since).toBeUndefined();
    second.says(waiting({ resume: 'place-2' }));
    await settle();
    expect(phase).toMatchObject({ wait: { connection: 'ok' } });
  });

  it('asks a silent line for a sign of life', async () => {
    const socket = await queue(world('#secret'));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(socket.heard('ping')).toHaveLength(1);
    socket.says({ type: 'pong' });
    await vi.advanceTimersByTimeAsync(6_000);
    expect(phase).toMatchObject({ wait: { connection: 'ok' } });
  });

  it.each(['TURNED_AWAY', 'TALK_OVER', 'LESSON_ENDED'] as const)('can end with %s', async (code) => {
    const at = world('#secret');
    const socket = await queue(at);
    socket.says({ type: 'closed', code });
    socket.onclose?.();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(phase).toMatchObject({ at: 'out', reason: code });
    expect(FakeSocket.all).toHaveLength(1);
    expect(at.stored.has(SEAT)).toBe(false);
  });

  it('can be left', async () => {
    const socket = await queue(world('#secret'));
    session.leave();
    expect(socket.heard('leave')).toHaveLength(1);
    expect(phase).toMatchObject({ at: 'out', reason: 'LEFT' });
  });

  it('takes in whoever is sent back from the room, devices closed', async () => {
    const at = world('#secret');
    const socket = await enter(at, on);
    session.chat('lost with the seat');
    socket.says(waiting({ resume: 'place-2' }));
    await settle();
    expect(phase).toMatchObject({ at: 'waiting' });
    expect(at.opened[0]?.tracks[0]?.stopped).toBe(true);
    socket.says(welcome({ seq: 40 }));
    await settle();
    expect(room().own.microphone).toEqual({ state: 'off' });
    expect(socket.heard('chat')).toHaveLength(1);
  });
});

describe('the door', () => {
  it('says who was chosen, with a number of this device that stays', async () => {
    const at = world('#secret');
    const choose = [{ id: 'c1', name: 'Ada' }];
    const body = { title: '7b', role: 'pupil', name: null, access: 'a', choose, token: null };
    at.door = [
      { status: 200, body },
      { status: 200, body: { ...body, token: 'token' } },
    ];
    start(at);
    await settle();
    expect(phase).toMatchObject({ at: 'door', door: { choose } });
    expect(at.lasting.size).toBe(0);
    session.join({ chosen: 'c1' }, QUIET);
    await settle();
    const device = '_____________________w';
    expect(at.asked[1]).toEqual({ link: 'secret', chosen: 'c1', device });
    expect(at.lasting.get(DEVICE)).toBe(device);
  });
});

describe('the own microphone', () => {
  const quiet = (by: number | null): LessonEvent => ({ kind: 'quiet', by });

  it.each<[string, LessonEvent, LessonEvent, object]>([
    ['quiet', quiet(1), quiet(null), { by: 1, why: 'quiet' }],
    ['a rest', { kind: 'paused', on: true }, { kind: 'paused', on: false }, { by: 0, why: 'pause' }],
  ])('is stopped by %s and stays off afterwards', async (_, begin, end, held) => {
    const at = world('#secret');
    const socket = await enter(at, on);
    await event(socket, begin);
    expect(room()).toMatchObject({ own: { microphone: { state: 'locked', ...held } } });
    expect(room().rights).toMatchObject({ microphone: false, chat: false, camera: true });
    expect(at.opened[0]?.tracks[0]?.stopped).toBe(true);
    session.setMicrophone(true);
    await event(socket, end);
    expect(at.opened).toHaveLength(1);
    expect(room().own.microphone).toEqual({ state: 'off' });
    session.setMicrophone(true);
    await settle();
    expect(room().own.microphone.state).toBe('on');
  });

  it('may be switched on by whoever is let speak in the quiet, until that ends', async () => {
    const at = world('#secret');
    const socket = await enter(at);
    await event(socket, quiet(1));
    await event(socket, { kind: 'letSpeak', who: 2, on: true, by: 1 });
    expect(room().own.microphone).toEqual({ state: 'off' });
    session.setMicrophone(true);
    await settle();
    expect(room().own.microphone.state).toBe('on');
    await event(socket, { kind: 'letSpeak', who: 2, on: false, by: 1 });
    expect(room().own.microphone).toMatchObject({ state: 'locked', why: 'quiet' });
  });

  it('is found silenced by whoever comes later', async () => {
    start(world('#secret'));
    await settle();
    session.join(null, on);
    await answer(welcome({ snapshot: { ...CALM, quiet: 1, participants: [pupil(1), pupil(2)] } }));
    expect(room().own.microphone).toMatchObject({ state: 'locked', why: 'quiet' });
  });

  it('is never switched on by an invitation, which the own press answers', async () => {
    const at = world('#secret');
    const socket = await enter(at);
    const invited: LessonEvent = { kind: 'invited', who: 2, source: 'microphone', by: 1 };
    await event(socket, { ...invited, who: 1 });
    expect(room().invited).toBeNull();
    await event(socket, invited);
    expect(room().invited).toEqual({ source: 'microphone', by: 1 });
    expect(at.opened).toEqual([]);
    session.setMicrophone(true);
    await settle();
    expect(room().invited).toBeNull();
    await event(socket, invited);
    session.dismissInvited();
    await settle();
    expect(room().invited).toBeNull();
    await event(socket, invited);
    await event(socket, quiet(1));
    expect(room().invited).toBeNull();
  });

  it('is switched off when its owner sits down in the classroom', async () => {
    const socket = await enter(world('#secret'), on);
    await event(socket, { kind: 'inRoom', who: 2, on: true });
    expect(room()).toMatchObject({ inRoom: true, own: { microphone: { state: 'off' } } });
    expect(socket.heard('send').at(-1)).toMatchObject({ kind: 'microphone', on: false });
  });
});

describe('for a moment', () => {
  it('reactions are shown, one for each person', async () => {
    const socket = await enter(world('#secret'));
    socket.says({ type: 'reaction', who: 1, what: 'yes' });
    socket.says({ type: 'reaction', who: 1, what: 'lost' });
    await settle();
    expect(room().reactions).toMatchObject([{ who: 1, what: 'lost' }]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(room().reactions).toEqual([]);
  });

  it('captions are shown, and then their place is kept', async () => {
    const socket = await enter(world('#secret'));
    expect(room().captions).toBeUndefined();
    for (const text of ['Eins.', 'Zwei.', 'Drei.']) {
      await event(socket, { kind: 'caption', from: 1, text });
    }
    expect(room().captions).toBe('Zwei. Drei.');
    await vi.advanceTimersByTimeAsync(12_000);
    expect(room().captions).toBe('');
  });
});

describe('a teacher', () => {
  /** In the room as a teacher. */
  async function teach(part: Partial<typeof CALM> = {}): Promise<FakeSocket> {
    start(world('#secret'));
    await settle();
    session.join(null, QUIET);
    const me: Participant = pupil(2, { role: 'teacher', rights: { ...RIGHTS, content: true } });
    const snapshot = { ...CALM, ...part, participants: [pupil(1), me] };
    return answer(welcome({ snapshot, now: Date.now() - 500 }));
  }

  it('is told until when an act can be taken back, in the local clock', async () => {
    const socket = await teach();
    const what = { did: 'muted', source: 'microphone' } as const;
    await event(socket, { kind: 'acted', acted: { id: 4, by: 2, until: 7_000, who: 1, what } });
    expect(room().acted).toMatchObject([{ id: 4, until: 7_500 }]);
    session.act({ type: 'undo', id: 4 });
    expect(socket.heard('undo')).toMatchObject([{ id: 4 }]);
    await event(socket, { kind: 'undone', id: 4, by: 2 });
    expect(room().acted).toEqual([]);
  });

  it('sees who waits and how many have voted', async () => {
    const waiter = { no: 9, name: 'P9', role: 'pupil', why: 'lobby', talk: null } as const;
    const socket = await teach({ waiting: [waiter] });
    expect(room()).toMatchObject({ waiting: [waiter], votes: 0 });
    const poll = {
      id: 3, question: null, options: { kind: 'yesNo' }, live: false, by: 2, open: true,
      voted: false, result: null,
    } as const;
    await event(socket, { kind: 'poll', poll });
    socket.says({ type: 'votes', poll: 3, count: 7 });
    await settle();
    expect(room().votes).toBe(7);
    await event(socket, { kind: 'poll', poll: { ...poll, id: 4 } });
    expect(room().votes).toBe(0);
  });

  it('says how many there are, also those of a crowd who are not told of', async () => {
    const socket = await teach();
    expect(room().count).toBe(room().people.length);
    await event(socket, { kind: 'people', people: [...room().people], count: 120 });
    socket.says({ type: 'count', people: 121 });
    await settle();
    expect(room().count).toBe(121);
    await event(socket, { kind: 'people', people: [...room().people], count: null });
    expect(room().count).toBe(room().people.length);
  });

  it('reads the times of groups, timer and talks in the local clock', async () => {
    const visit = { who: 2, group: 1, listens: true, since: 100 };
    const talk = { slot: 1, begins: 200, minutes: 10, state: 'on', until: 300 } as const;
    await teach({
      groups: { ...CALM.groups, until: 400, visits: [visit] },
      tools: { ...CALM.tools, timer: 500 },
      talks: [talk],
    });
    expect(room()).toMatchObject({
      groups: { until: 900, visits: [{ since: 600 }] },
      tools: { timer: 1_000 },
      talks: [{ begins: 700, until: 800 }],
    });
  });

  it('is told by whoever asks why it was refused, without a notice', async () => {
    const socket = await teach();
    const asked = session.ask({ type: 'poll', act: 'close' }).catch((code: unknown) => code);
    socket.says({ type: 'error', ref: socket.heard('poll')[0]?.ref ?? 0, code: 'TOO_LATE', message: '' });
    expect(await asked).toBe('TOO_LATE');
    const taken = session.ask({ type: 'talk', act: 'more' });
    socket.says({ type: 'ok', ref: socket.heard('talk')[0]?.ref ?? 0 });
    await expect(taken).resolves.toBeUndefined();
    const lost = session.ask({ type: 'talk', act: 'more' }).catch((code: unknown) => code);
    socket.onclose?.();
    expect(await lost).toBe('CONNECTION_LOST');
    await settle();
    expect(room().notices).not.toContain('TOO_LATE');
  });

  it('says after a loss what still is meant, and nothing that was for its moment', async () => {
    const first = await teach();
    first.onclose?.();
    await settle();
    session.act({ type: 'quiet', on: true });
    session.act({ type: 'quiet', on: false });
    session.act({ type: 'undo', id: 4 });
    session.act({ type: 'tool', act: 'pick' });
    await vi.advanceTimersByTimeAsync(200);
    const second = await answer(welcome({ snapshot: null, seq: 10 }));
    expect(second.heard('quiet')).toMatchObject([{ on: false }]);
    expect([second.heard('undo'), second.heard('tool')]).toEqual([[], []]);
  });
});
