/**
 * What the session needs of the browser, as values, so that the session runs in tests without one.
 * Owns nothing; whoever creates a session decides what is behind each of these.
 */

/** What kind of machine the page runs on; it decides how many pictures fit. */
export type Machine = 'phone' | 'tablet' | 'desktop';

/** The browser's abilities that a session uses. */
export interface Environment {
  /** Fetches the part of the session that only a seat needs. */
  lesson: () => Promise<typeof import('./stay')>;
  fetch: typeof fetch;
  WebSocket: typeof WebSocket;
  /** Absent where the browser is too old for media. */
  RTCPeerConnection: typeof RTCPeerConnection | undefined;
  /** What the browser can decode, or null if it does not say. */
  codecs: (kind: 'audio' | 'video') => RTCRtpCodec[] | null;
  /** Absent where the page is not a secure context. */
  mediaDevices: MediaDevices | undefined;
  /** Makes the one element that plays what is heard. */
  speaker: () => HTMLAudioElement;
  stream: (tracks: MediaStreamTrack[]) => MediaStream;
  /** The tab's own storage; holds the seat and nothing else. */
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** The browser's storage, which outlives the tab; holds the number of this device. */
  lasting: Pick<Storage, 'getItem' | 'setItem'>;
  location: Pick<Location, 'hash' | 'host' | 'pathname' | 'protocol' | 'search'>;
  history: Pick<History, 'replaceState'>;
  machine: Machine;
  /** Makes a fresh page of what the address bar holds. */
  renew: () => void;
  /** Calls back when the line or the page may have come back; returns how to stop. */
  wakes: (callback: () => void) => () => void;
  /** Calls back when the address bar holds another link. */
  links: (callback: () => void) => () => void;
  /** Calls back at the next thing the person presses. */
  nextPress: (callback: () => void) => () => void;
  /** Milliseconds since 1970. */
  now: () => number;
  /** A number from 0 up to but not including 1. */
  random: () => number;
  /** So many bytes that nobody can guess. */
  bytes: (count: number) => Uint8Array;
}

/** The real browser. */
export function browserEnvironment(): Environment {
  return {
    lesson: () => import('./stay'),
    fetch: (input, init) => fetch(input, init),
    WebSocket,
    RTCPeerConnection: globalThis.RTCPeerConnection,
    codecs: (kind) => globalThis.RTCRtpReceiver?.getCapabilities?.(kind)?.codecs ?? null,
    mediaDevices: navigator.mediaDevices,
    speaker,
    stream: (tracks) => new MediaStream(tracks),
    storage: sessionStorage,
    lasting: {
      getItem: (key) => localStorage.getItem(key),
      setItem: (key, value) => localStorage.setItem(key, value),
    },
    location,
    history,
    machine: machine(),
    renew: () => location.reload(),
    wakes: (callback) => {
      const visible = () => {
        if (document.visibilityState === 'visible') callback();
      };
      const stops = [
        listen(window, ['online', 'pageshow'], callback),
        listen(document, ['visibilitychange'], visible),
      ];
      return () => stops.forEach((stop) => stop());
    },
    links: (callback) => listen(window, ['hashchange'], callback),
    nextPress: (callback) => {
      const stop = listen(document, ['pointerup', 'keydown'], () => {
        stop();
        callback();
      });
      return stop;
    },
    now: () => Date.now(),
    random: () => Math.random(),
    bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  };
}

function speaker(): HTMLAudioElement {
  const element = document.createElement('audio');
  // In the document, because iPads pause elements that are not.
  document.body.append(element);
  return element;
}

function machine(): Machine {
  if (!matchMedia('(pointer: coarse)').matches) return 'desktop';
  return Math.min(screen.width, screen.height) < 600 ? 'phone' : 'tablet';
}

function listen(target: EventTarget, names: string[], callback: () => void): () => void {
  for (const name of names) target.addEventListener(name, callback);
  return () => {
    for (const name of names) target.removeEventListener(name, callback);
  };
}
