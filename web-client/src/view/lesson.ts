/**
 * The screens that only a seat needs, in one piece: it is fetched while the person stands at the
 * door, which is painted sooner for it.
 */
export { default as Room } from './room/Room.svelte';
export { default as Waiting } from './waiting/Waiting.svelte';
