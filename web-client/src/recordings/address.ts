/**
 * What the player's address opens: `/r#<id>.<access>`. Invariant: the access leaves the address bar
 * before anything else happens; the tab's storage keeps it, so that a reload finds it again.
 */

/** A recording, and what opens it. */
export interface Key {
  id: string;
  access: string;
}

/** The browser's part of it, so that tests need none. */
export interface Place {
  location: Pick<Location, 'hash' | 'pathname' | 'search'>;
  history: Pick<History, 'replaceState'>;
  storage: Pick<Storage, 'getItem' | 'setItem'>;
}

const STORE = 'kreide.recording';

/** Takes the key from the address, or the one of this tab from before; null if there is none. */
export function takeKey({ location, history, storage }: Place): Key | null {
  const [id, ...rest] = location.hash.slice(1).split('.');
  const access = rest.join('.');
  if (location.hash === '') return kept(storage);
  history.replaceState(null, '', location.pathname + location.search);
  if (!id || access === '') return null;
  try {
    storage.setItem(STORE, JSON.stringify({ id, access }));
  } catch {
    // Only a reload will not find it.
  }
  return { id, access };
}

function kept(storage: Place['storage']): Key | null {
  try {
    const key: unknown = JSON.parse(storage.getItem(STORE) ?? 'null');
    if (typeof key !== 'object' || key === null) return null;
    if (!('id' in key) || typeof key.id !== 'string') return null;
    if (!('access' in key) || typeof key.access !== 'string') return null;
    return { id: key.id, access: key.access };
  } catch {
    return null;
  }
}
