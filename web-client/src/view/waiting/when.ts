/** When somebody's talk can be expected, in words. No other family is spoken of. */
import type { Wait } from '../../session/model';
import { classroom } from '../../ui/text/classroom/words.svelte';
import { t } from '../../ui/text/words.svelte';

/** Milliseconds of a minute. */
const MINUTE = 60_000;

/** What is to be said of the own talk; `now` is the local clock. */
export function about({ talk, expected }: Wait, now: number): string[] {
  const w = classroom();
  switch (talk?.state) {
    case 'skipped':
      return [w.talkSkipped];
    case 'missed':
      return [w.talkMissed];
    case 'planned':
    case 'on':
    case 'over':
    case undefined:
      if (expected === null) return [];
      if (expected <= now) return [w.talkSoon];
      return [w.talkExpected(clock(expected)), ...delay(talk?.begins, expected)];
  }
}

/** A time of day. */
export function clock(at: number): string {
  const format = new Intl.DateTimeFormat(t().language, { hour: 'numeric', minute: '2-digit' });
  return format.format(at);
}

function delay(planned: number | undefined, expected: number): string[] {
  if (planned === undefined) return [];
  const minutes = Math.round((expected - planned) / MINUTE);
  return [minutes >= 1 ? classroom().talkDelayed(minutes) : classroom().talkOnTime];
}
