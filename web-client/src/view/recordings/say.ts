/** Dates, lengths and sizes of recordings as people read them. */
import { t } from '../../ui/text/words.svelte';

/** "Mo., 24. Nov., 9:41 Uhr". */
export function moment(at: number): string {
  return t().recording.at(format(at, { weekday: 'short', day: 'numeric', month: 'short' }), time(at));
}

/** "24. Dez." */
export function day(at: number): string {
  return format(at, { day: 'numeric', month: 'short' });
}

/** "9:41". */
export function time(at: number): string {
  const said = format(at, { hour: 'numeric', minute: '2-digit', hourCycle: 'h23' });
  return said.replace(/^0(?=\d)/u, '');
}

/** "44 Min.", or seconds if it is shorter. */
export function length(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const [count, unit] = seconds < 60 ? [seconds, 'second'] : [Math.round(seconds / 60), 'minute'];
  return measure(count, unit, 0);
}

/** "41 MB". */
export function size(bytes: number): string {
  const megabytes = bytes / 1e6;
  return megabytes < 1000
    ? measure(megabytes, 'megabyte', megabytes < 10 ? 1 : 0)
    : measure(megabytes / 1000, 'gigabyte', 1);
}

/** "4:05" or "1:04:05". */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (count: number) => String(count).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function format(at: number, how: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(t().language, how).format(at);
}

function measure(count: number, unit: string, digits: number): string {
  return new Intl.NumberFormat(t().language, {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits: digits,
  }).format(count);
}
