/**
 * What the session needs of the browser, as values, so that the session runs in tests without one.
 * Owns nothing; whoever creates a session decides what is behind each of these.
 */

/** The browser's abilities that a session uses. */
export interface Environment {
  fetch: typeof fetch;
  WebSocket: typeof WebSocket;
  /** Absent where the browser is too old for media. */
  RTCPeerConnection: typeof RTCPeerConnection | undefined;
  /** Absent where the page is not a secure context. */
  mediaDevices: MediaDevices | undefined;
  /** The tab's own storage; holds the seat's key and nothing else. */
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  location: Pick<Location, 'hash' | 'host' | 'pathname' | 'protocol' | 'search'>;
  history: Pick<History, 'replaceState'>;
  /** Milliseconds since 1970. */
  now: () => number;
  /** A number from 0 up to but not including 1. */
  random: () => number;
}

/** The real browser. */
export function browserEnvironment(): Environment {
  return {
    fetch: (input, init) => fetch(input, init),
    WebSocket,
    RTCPeerConnection: globalThis.RTCPeerConnection,
    mediaDevices: navigator.mediaDevices,
    storage: sessionStorage,
    location,
    history,
    now: () => Date.now(),
    random: () => Math.random(),
  };
}
