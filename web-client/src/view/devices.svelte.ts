/**
 * The microphones and cameras of this device, and which of them is chosen.
 * Invariant: asking for the list never asks the person for permission.
 */
import type { DeviceChoice } from '../session/model';

/** A device as the browser names it; the name is empty before the first permission. */
export interface Device {
  id: string;
  name: string;
}

/** What is chosen; kept from the door into the room. */
export const choice = $state<DeviceChoice>({
  microphone: null,
  camera: null,
  startMicrophone: false,
  startCamera: false,
});

export const devices = $state<{ microphones: Device[]; cameras: Device[] }>({
  microphones: [],
  cameras: [],
});

/** Reads the list again. */
export async function refresh(): Promise<void> {
  // Absent where the page is not served securely.
  const media = navigator.mediaDevices as MediaDevices | undefined;
  const all = (await media?.enumerateDevices().catch(() => [])) ?? [];
  devices.microphones = named(all, 'audioinput');
  devices.cameras = named(all, 'videoinput');
}

/** Keeps the list up to date while devices come and go; returns how to stop. */
export function watch(): () => void {
  void refresh();
  const media = navigator.mediaDevices as MediaDevices | undefined;
  const again = () => void refresh();
  media?.addEventListener('devicechange', again);
  return () => media?.removeEventListener('devicechange', again);
}

function named(all: MediaDeviceInfo[], kind: MediaDeviceKind): Device[] {
  return all
    .filter((device) => device.kind === kind && device.deviceId !== '')
    .map((device) => ({ id: device.deviceId, name: device.label }));
}
