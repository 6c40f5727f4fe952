/** The sign of each reaction. It always stands beside its word, or is read aloud with it. */
import CircleQuestionMark from '@lucide/svelte/icons/circle-question-mark';
import FaceGrinning from '@lucide/svelte/icons/face-grinning';
import HandHeart from '@lucide/svelte/icons/hand-heart';
import Snail from '@lucide/svelte/icons/snail';
import ThumbsDown from '@lucide/svelte/icons/thumbs-down';
import ThumbsUp from '@lucide/svelte/icons/thumbs-up';
import type { Component } from 'svelte';
import type { Reaction } from '../../../protocol';

export const REACTION_ICONS: Readonly<Record<Reaction, Component>> = {
  yes: ThumbsUp,
  no: ThumbsDown,
  applause: HandHeart,
  laugh: FaceGrinning,
  slower: Snail,
  lost: CircleQuestionMark,
};

/** All reactions in the order in which they are offered. */
export const REACTIONS = Object.keys(REACTION_ICONS) as Reaction[];
