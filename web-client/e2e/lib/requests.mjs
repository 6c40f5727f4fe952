/**
 * Every request of every page of a test process, so that none to another host goes unseen.
 */
const requested = new Set();

/** Listens to what a page asks for; before its first address. */
export function recordRequests(page) {
  page.on('request', (request) => requested.add(request.url()));
  // Playwright tells of sockets apart from requests.
  if (page.context) page.on('websocket', (socket) => requested.add(socket.url()));
}

/** Requests to any host but ours (127.0.0.1). */
export function foreignRequests() {
  return [...requested].filter((url) => {
    const { protocol, hostname } = new URL(url);
    return !['data:', 'blob:', 'about:'].includes(protocol) && hostname !== '127.0.0.1';
  });
}

/** How many requests that judgement rests on. */
export function requestCount() {
  return requested.size;
}
