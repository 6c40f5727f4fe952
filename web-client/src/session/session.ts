/** The session: commands in, phases out. */
import type { Environment } from './environment';
import type { Phase, Session } from './model';

/** Creates the one session of a page. */
export function createSession(_environment: Environment): Session {
  const phase: Phase = { at: 'arriving' };
  const nothing = () => {};
  return {
    subscribe(observer) {
      observer(phase);
      return nothing;
    },
    join: nothing,
    retry: nothing,
    setMicrophone: nothing,
    setCamera: nothing,
    setContent: nothing,
    chooseDevices: nothing,
    look: nothing,
    hand: nothing,
    lowerHand: nothing,
    chat: nothing,
    mute: nothing,
    lock: nothing,
    remove: nothing,
    leave: nothing,
    endForAll: nothing,
    dismiss: nothing,
  };
}
