/**
 * Opens microphones, cameras and screens. Knows sizes and constraints, keeps nothing open itself.
 */
import type { Role } from '../protocol';
import type { Environment } from './environment';
import { deviceFailure, shareFailure } from './failures';
import type { Failure } from './model';
import { cameraSize } from './peer';

/** What was opened, or why not; `failure` null means that the person only changed their mind. */
export type Opened = { stream: MediaStream } | { failure: Failure | null };

/** Opens the microphone with this id, another one if it is gone. */
export function openMicrophone(environment: Environment, id: string | null): Promise<Opened> {
  return open(environment, {
    audio: {
      ...preferred(id),
      echoCancellation: true,
      noiseSuppression: true,
      autoGainControl: true,
      channelCount: 1,
    },
  });
}

/** Opens the camera with this id, another one if it is gone, at the role's size. */
export function openCamera(
  environment: Environment,
  id: string | null,
  role: Role,
): Promise<Opened> {
  const { width, height } = cameraSize(role);
  return open(environment, {
    video: {
      ...preferred(id),
      width: { ideal: width },
      height: { ideal: height },
      frameRate: { ideal: 30, max: 30 },
    },
  });
}

/** Lets the person choose a screen, with its sound where the browser gives it. */
export async function openScreen({ mediaDevices }: Environment): Promise<Opened> {
  if (!mediaDevices?.getDisplayMedia) return { failure: 'SHARE_UNAVAILABLE' };
  try {
    const stream = await mediaDevices.getDisplayMedia({
      video: { frameRate: { ideal: 15, max: 30 } },
      // The lesson's own sound must not come back with the screen's.
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    });
    // Letters must stay sharp: the browser may drop frames, not detail.
    for (const track of stream.getVideoTracks()) track.contentHint = 'detail';
    return { stream };
  } catch (error) {
    return { failure: shareFailure(error) };
  }
}

/** Ends a stream: the light beside the camera goes out. */
export function close(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

async function open(
  { mediaDevices }: Environment,
  constraints: MediaStreamConstraints,
): Promise<Opened> {
  if (!mediaDevices) return { failure: 'DEVICE_DENIED' };
  try {
    return { stream: await mediaDevices.getUserMedia(constraints) };
  } catch (error) {
    return { failure: deviceFailure(error) };
  }
}

function preferred(id: string | null): MediaTrackConstraints {
  return id === null ? {} : { deviceId: { ideal: id } };
}
