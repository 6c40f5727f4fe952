/**
 * What must be gone when this process goes, even if it is stopped halfway: servers, namespaces.
 * Browsers are taken along by their drivers, which listen to the same exit.
 */
const cleanups = new Set();

process.once('exit', () => {
  for (const cleanup of cleanups) cleanup();
});
// A signal ends a process without its exit handlers, unless someone asks for them.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/**
 * Has `cleanup` called, synchronously, when the process goes.
 * @returns {() => void} takes that back
 */
export function whenLeaving(cleanup) {
  cleanups.add(cleanup);
  return () => cleanups.delete(cleanup);
}
