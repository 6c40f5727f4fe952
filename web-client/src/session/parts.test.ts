import { describe, expect, it } from 'vitest';
import { inflateRawSync } from 'node:zlib';
import { backoff } from './backoff';
import { deviceFailure, isFinal, shareFailure } from './failures';
import { pack } from './offer';
import { cameraLayers, layerScales, trimmed, videoSlots } from './peer';

it.each([
  [0, 150, 250],
  [1, 375, 625],
  [16, 750, 1_250],
  [18, 3_000, 5_000],
  [19, 6_000, 10_000],
  [99, 6_000, 10_000],
])('try %i waits between %i and %i ms', (tries, least, most) => {
  expect(backoff(tries, 0)).toBe(least);
  expect(backoff(tries, 1)).toBe(most);
});

it.each([
  ['NotAllowedError', 'DEVICE_DENIED', null],
  ['SecurityError', 'DEVICE_DENIED', 'SHARE_UNAVAILABLE'],
  ['NotReadableError', 'DEVICE_BUSY', 'SHARE_UNAVAILABLE'],
  ['AbortError', 'DEVICE_BUSY', null],
  ['NotFoundError', 'DEVICE_MISSING', 'SHARE_UNAVAILABLE'],
  ['OverconstrainedError', 'DEVICE_MISSING', 'SHARE_UNAVAILABLE'],
])('%s is %s for a device and %s for a screen', (name, device, share) => {
  expect(deviceFailure(new DOMException('', name))).toBe(device);
  expect(shareFailure(new DOMException('', name))).toBe(share);
});

it('comes back by itself only where that helps', () => {
  expect(isFinal('OPENED_ELSEWHERE')).toBe(true);
  expect(isFinal('GOING_AWAY')).toBe(false);
});

it('packs an offer so that a plain inflate reads it', async () => {
  const sdp = 'v=0\r\n' + 'a=mid:0\r\n'.repeat(500);
  const packed = await pack(sdp);
  expect(packed).toMatch(/^[\w-]+$/);
  expect(inflateRawSync(Buffer.from(packed, 'base64url')).toString()).toBe(sdp);
});

describe('lines', () => {
  it.each([
    [3, 720, [4, 2, 1]],
    [3, 360, [2, 1]],
    [2, 720, [2, 1]],
    [2, 360, [2, 1]],
  ])('%i layers of %i lines are scaled down by %j', (layers, height, scales) => {
    expect(layerScales(layers, height)).toEqual(scales);
  });

  it.each([
    ['teacher', 'desktop', 30],
    ['teacher', 'tablet', 9],
    ['teacher', 'phone', 4],
    ['pupil', 'desktop', 9],
    ['pupil', 'phone', 4],
  ] as const)('a %s on a %s gets %i pictures', (role, machine, count) => {
    expect(videoSlots(role, machine)).toBe(count);
  });

  it('ask for two camera layers where browsers would drop the third', () => {
    expect(cameraLayers('pupil').map((one) => one.rid)).toEqual(['l', 'h']);
    expect(cameraLayers('teacher').map((one) => one.rid)).toEqual(['l', 'm', 'h']);
  });

  const codec = (mimeType: string, sdpFmtpLine?: string): RTCRtpCodec => ({
    mimeType,
    clockRate: 90_000,
    ...(sdpFmtpLine === undefined ? {} : { sdpFmtpLine }),
  });
  const main = 'profile-level-id=42e01f;packetization-mode=1';
  it.each([
    [['audio/red', 'audio/opus', 'audio/G722'], ['audio/opus']],
    [['video/VP9', 'video/VP8', 'video/rtx', 'video/red'], ['video/VP8', 'video/rtx']],
    [['video/H264', 'video/rtx'], ['video/H264', 'video/rtx']],
    [['video/AV1'], []],
  ])('keep of %j only %j', (all, kept) => {
    const codecs = all.map((name) => codec(name, name === 'video/H264' ? main : undefined));
    expect(trimmed(codecs).map((one) => one.mimeType)).toEqual(kept);
  });
});
