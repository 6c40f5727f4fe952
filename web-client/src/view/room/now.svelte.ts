/** The time of day for what counts up or down on the screen. Runs only where it is looked at. */

/** Milliseconds between two looks: often enough that no second is skipped. */
const LOOK = 200;

/** The present, in milliseconds since 1970. Call it while a component is made. */
export function present(): { readonly now: number } {
  let now = $state(Date.now());
  $effect(() => {
    now = Date.now();
    const timer = setInterval(() => (now = Date.now()), LOOK);
    return () => clearInterval(timer);
  });
  return {
    get now() {
      return now;
    },
  };
}
