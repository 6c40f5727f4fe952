/**
 * One peer connection with its lines, negotiated once: the four that this person may send, then
 * the audio slots, then the video slots. Tracks are attached later by `replaceTrack`.
 *
 * Invariant: after `accept` the lines never change; only an ICE restart makes another offer.
 * Left out: when to make one and what to do when it is lost (media.ts).
 */
import type { Kind, Media, Role } from '../protocol';
import type { Environment, Machine } from './environment';
import { pack } from './offer';

/** Three voices and one interpreter. */
const AUDIO_SLOTS = 4;

/** A codec that repairs others, and is kept beside the one that is. */
const REPAIR = 'video/rtx';

/** How many pictures a connection can show at once. The number never grows. */
export function videoSlots(role: Role, machine: Machine): number {
  if (machine === 'phone') return 4;
  return role === 'teacher' && machine === 'desktop' ? 30 : 9;
}

/** The size at which this role's camera is captured. */
export function cameraSize(role: Role): { width: number; height: number } {
  return role === 'teacher' || role === 'presenter' || role === 'interpreter'
    ? { width: 1280, height: 720 }
    : { width: 640, height: 360 };
}

/** The camera's layers, smallest first. Browsers drop the third at 640x360, so it is not asked. */
export function cameraLayers(role: Role): RTCRtpEncodingParameters[] {
  const low = { rid: 'l', maxBitrate: 150_000 };
  return cameraSize(role).height > 360
    ? [
        { ...low, scaleResolutionDownBy: 4 },
        { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 500_000 },
        { rid: 'h', scaleResolutionDownBy: 1, maxBitrate: 1_700_000 },
      ]
    : [
        { ...low, scaleResolutionDownBy: 2 },
        { rid: 'h', scaleResolutionDownBy: 1, maxBitrate: 600_000 },
      ];
}

/**
 * By how much each layer is scaled down for a camera of this height. Below 540 lines browsers send
 * the first two layers only, so a small camera is halved once instead of sent at half its size.
 */
export function layerScales(layers: number, height: number): number[] {
  return layers > 2 && height >= 540 ? [4, 2, 1] : [2, 1];
}

/** The codecs worth a place in the offer: Opus; VP8, or H.264 where that is missing. */
export function trimmed(codecs: readonly RTCRtpCodec[]): RTCRtpCodec[] {
  const are = (name: string) => codecs.filter((one) => one.mimeType.toLowerCase() === name);
  const opus = are('audio/opus');
  if (opus.length > 0) return opus;
  const vp8 = are('video/vp8');
  if (vp8.length > 0) return [...vp8, ...are(REPAIR)];
  // Constrained Baseline in packetization mode 1 is what every H.264 browser shares (RFC 7742, 6.2).
  const h264 = are('video/h264').filter(
    ({ sdpFmtpLine = '' }) =>
      sdpFmtpLine.includes('packetization-mode=1') && sdpFmtpLine.includes('profile-level-id=42e0'),
  );
  return h264.length > 0 ? [...h264, ...are(REPAIR)] : [];
}

/** A connection from the first offer to its close. */
export class Peer {
  /** What is heard, complete before anything is negotiated, so that a click can start it. */
  readonly heard: MediaStreamTrack[];
  readonly video: readonly RTCRtpReceiver[];
  readonly #connection: RTCPeerConnection;
  readonly #senders: Record<Kind, RTCRtpSender>;

  constructor(
    environment: Environment,
    make: typeof RTCPeerConnection,
    role: Role,
    changed: (state: RTCPeerConnectionState) => void,
  ) {
    const connection = new make({ bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' });
    const codecs = {
      audio: trimmed(environment.codecs('audio') ?? []),
      video: trimmed(environment.codecs('video') ?? []),
    };
    const line = (kind: 'audio' | 'video', init: RTCRtpTransceiverInit) => {
      const transceiver = connection.addTransceiver(kind, init);
      if (codecs[kind].length > 0) transceiver.setCodecPreferences?.(codecs[kind]);
      return transceiver;
    };
    const sending = (kind: 'audio' | 'video', sendEncodings: RTCRtpEncodingParameters[]) =>
      line(kind, { direction: 'sendonly', sendEncodings }).sender;
    const receiving = (kind: 'audio' | 'video', count: number) =>
      Array.from({ length: count }, () => line(kind, { direction: 'recvonly' }).receiver);

    this.#connection = connection;
    this.#senders = {
      microphone: sending('audio', [{ maxBitrate: 40_000 }]),
      camera: sending('video', cameraLayers(role)),
      content: sending('video', [{ maxBitrate: 2_500_000 }]),
      contentAudio: sending('audio', [{ maxBitrate: 96_000 }]),
    };
    this.heard = receiving('audio', AUDIO_SLOTS).map((receiver) => receiver.track);
    this.video = receiving('video', videoSlots(role, environment.machine));
    connection.onconnectionstatechange = () => changed(connection.connectionState);
  }

  get state(): RTCPeerConnectionState {
    return this.#connection.connectionState;
  }

  /** The packed offer; with `restart` new ICE credentials for the same connection. */
  async offer(restart = false): Promise<string> {
    // Asked twice because the first answer was lost: the same offer is still the right one.
    if (this.#connection.signalingState === 'stable') {
      if (restart) this.#connection.restartIce();
      await this.#connection.setLocalDescription(await this.#connection.createOffer());
    }
    return pack(this.#connection.localDescription?.sdp ?? '');
  }

  /** Takes the answer to the last offer. Rejects if the browser cannot use it. */
  async accept({ answer }: Media): Promise<void> {
    if (this.#connection.signalingState !== 'have-local-offer') return;
    await this.#connection.setRemoteDescription({ type: 'answer', sdp: answer });
  }

  /** Sends this track as one of the own publications, or with null no packet at all. */
  async send(kind: Kind, track: MediaStreamTrack | null): Promise<void> {
    if (this.#connection.signalingState === 'closed') return;
    const sender = this.#senders[kind];
    const height = track?.getSettings().height;
    if (kind === 'camera' && height !== undefined) await fit(sender, height);
    await sender.replaceTrack(track);
  }

  /** RTP timestamp of the last frame that came out of a video slot. */
  timestamp(slot: number): number | null {
    const sources = this.video[slot]?.getSynchronizationSources() ?? [];
    let last: RTCRtpSynchronizationSource | null = null;
    for (const source of sources) if (!last || source.timestamp > last.timestamp) last = source;
    return last?.rtpTimestamp ?? null;
  }

  close(): void {
    this.#connection.onconnectionstatechange = null;
    this.#connection.close();
  }
}

/** Makes the layers of a sender fit a camera of this height. */
async function fit(sender: RTCRtpSender, height: number): Promise<void> {
  const parameters = sender.getParameters();
  const scales = layerScales(parameters.encodings.length, height);
  for (const [at, encoding] of parameters.encodings.entries()) {
    encoding.active = at < scales.length;
    encoding.scaleResolutionDownBy = scales[at] ?? 1;
  }
  await sender.setParameters(parameters);
}
