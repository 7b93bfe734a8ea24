/**
 * How long peers may take before HTTP starts: the deadline policy as one pure function. All times in
 * milliseconds, distances in CSS pixels, speeds in pixels per millisecond.
 */

/** An image below the fold, by what decides when it will be seen. */
export interface ImagePlacement {
  readonly kind: 'image';
  /** From the nearest edge of the viewport; 0 or less means that part of it is visible. */
  readonly distance: number;
  /** Speed at which the viewport approaches the image; 0 or less when it rests or moves away. */
  readonly speed: number;
  /**
   * Set for an image that the `load` event waits for: milliseconds of delay that the page still has
   * to give away. Absent for lazy images and once the page has loaded.
   */
  readonly loadBudget?: number;
}

/** A request that feeds a player. */
export interface MediaPlacement {
  readonly kind: 'media';
  /** Seconds until what is buffered has been played, at the pace of the player. */
  readonly buffered: number;
  /** `filling` until the head start is buffered; `unused` when none is configured and nothing is buffered yet. */
  readonly headStart: 'filling' | 'filled' | 'unused';
  /** For a segment that nobody has, such as one that has just appeared: how many of the swarm are to fetch it before us. */
  readonly rank?: number | undefined;
  /** Linked peers hold it and deliver faster than it plays: the head start may be shorter. */
  readonly warm?: boolean | undefined;
  /** The origin cannot give its segments as fast as they play, or could not if everybody asked at once. */
  readonly overrun?: boolean | undefined;
  /** The longest wait (ms) that the player does not take for a slow network, where it acts on that. */
  readonly most?: number | undefined;
}

/** `download`: an included URL that no element shows. `unknown`: nothing on the page explains the request. */
export type Placement =
  ImagePlacement | MediaPlacement | { readonly kind: 'download' } | { readonly kind: 'unknown' };

export interface DeadlineContext {
  /** What fetching this from the origin takes at present. */
  readonly httpMs: number;
  /** The origin gives errors or nothing: starting HTTP early would gain nothing and add to its troubles. */
  readonly failing?: boolean;
  /** The site's own fixed deadline; replaces every positive wait. */
  readonly fallbackMs?: number;
}

export interface Deadline {
  /** Milliseconds that peers may take; 0 means HTTP at once, and then there is a reason. */
  readonly wait: number;
  readonly reason?: 'above-fold' | 'head-start' | 'live-edge' | 'no-answer' | 'deadline' | 'resting';
  /** Nobody watches it come: the origin may give one part while peers give others. */
  readonly together?: boolean;
  /** The origin takes so long that peers may turn up while it does. */
  readonly slow?: boolean;
  /** Nobody holds it yet; somebody does, and says what it is, within so many milliseconds. */
  readonly lasting?: number;
}

/** Below this a warm link cannot deliver an image, so a shorter wait would only delay HTTP. */
export const MIN_IMAGE_WAIT = 100;
/**
 * Share of what HTTP takes that peers may take in any case. Where HTTP is slow, an image comes late however
 * early it starts, and everybody starting early is what makes it slow; peers are quicker then, and if they
 * fail after all, the image is late by half as much again.
 */
export const PATIENCE = 0.5;
/**
 * Share of its own playing time that a segment may take over HTTP. One that takes longer stalls its player sooner or
 * later, so that peers are given the same share of it as with images.
 */
export const OVERRUN = 0.75;
/** Longer than this nobody should look at a placeholder, wherever the image sits. */
export const MAX_IMAGE_WAIT = 4000;
/** A player that asks this far ahead of need asks again soon; waiting longer gains no peers. */
export const MAX_MEDIA_WAIT = 8000;
/**
 * What whoever fetches a live segment for others is given (ms), beside what the fetch takes, until they can have it:
 * playlists are not read by all at the same time, and the segment has to be signed.
 */
export const EDGE_WAIT = 800;
/** The next one in the queue waits so much longer (ms), and so on. */
export const EDGE_STEP = 600;
/** Buffer that is never spent on waiting: decoders stall well before it reads zero. */
export const MEDIA_SAFETY = 2000;
/** Without a head start, what the first picture may be delayed by in the hope of peers. */
export const FIRST_MEDIA_WAIT = 1000;
/** A download has no picture to miss; each window of it may wait this long. */
export const DOWNLOAD_WAIT = 2000;
/** A resting page is taken to start scrolling now at an unhurried 500 pixels a second. */
export const REST_SPEED = 0.5;
/** A request that takes longer (ms) tells that the origin, or the line to it, has more to do than it can. */
export const SLOW = 2000;
/** The most that peers may delay a page's `load` event by, over all its images. */
export const LOAD_DELAY = 250;

/** Turns a placement into a deadline. Numbers that make no sense count as "HTTP at once". */
export function deadlineFor(placement: Placement, context: DeadlineContext): Deadline {
  const { wait, reason = 'deadline', ...rest } = adaptiveDeadline(placement, context);
  return wait > 0 ? { ...rest, wait: Math.ceil(context.fallbackMs ?? wait) } : { wait: 0, reason };
}

function adaptiveDeadline(placement: Placement, { httpMs, failing = false }: DeadlineContext): Deadline {
  const expected = Math.max(0, httpMs);
  switch (placement.kind) {
    case 'image':
      return imageDeadline(placement, expected, failing);
    case 'media':
      // A fetch that will fail needs no reserve: peers may have all of the buffer.
      return mediaDeadline(placement, failing ? 0 : MEDIA_SAFETY + expected, expected);
    case 'download':
      return { wait: failing ? MAX_MEDIA_WAIT : DOWNLOAD_WAIT, together: true };
    case 'unknown':
      return { wait: 0, reason: 'no-answer' };
  }
}

function imageDeadline(
  { distance, speed, loadBudget }: ImagePlacement,
  httpMs: number,
  failing: boolean,
): Deadline {
  if (!(distance > 0)) return { wait: 0, reason: 'above-fold' };
  const untilVisible = distance / Math.max(speed, REST_SPEED);
  const patience = failing ? MAX_IMAGE_WAIT : PATIENCE * httpMs;
  const wait = clamp(Math.max(untilVisible - httpMs, patience), MIN_IMAGE_WAIT, MAX_IMAGE_WAIT);
  if (loadBudget === undefined) return { wait };
  return loadBudget > 0 ? { wait: Math.min(wait, loadBudget) } : { wait: 0, reason: 'deadline' };
}

/** `reserve`: milliseconds of buffer that are left to HTTP. */
function mediaDeadline(
  { buffered, headStart, rank, warm = false, overrun = false, most = MAX_MEDIA_WAIT }: MediaPlacement,
  reserve: number,
  httpMs: number,
): Deadline {
  const hope = rank === undefined ? 0 : hopeAtEdge(rank, httpMs);
  const patience = overrun ? Math.max(PATIENCE * httpMs, hope) : 0;
  const spare = headStart === 'unused' ? FIRST_MEDIA_WAIT : Math.max(buffered * 1000 - reserve, patience);
  if (headStart === 'filling' && !overrun && !(warm && spare > 0)) return { wait: 0, reason: 'head-start' };
  if (rank === 0) return { wait: 0, reason: overrun ? 'deadline' : 'live-edge' };
  if (!(spare > 0)) return { wait: 0, reason: 'deadline' };
  const wait = Math.min(spare, most, MAX_MEDIA_WAIT);
  if (rank === undefined) return { wait };
  return { wait, lasting: Math.min(wait, hope) };
}

/** Whether something that plays for `duration` seconds takes so long over HTTP that its player will run dry. */
export function isOverrun(httpMs: number, duration: number): boolean {
  return httpMs > OVERRUN * duration * 1000;
}

/** How long (ms) those who are not the first in the queue hope for what they might fetch. */
export function hopeAtEdge(rank: number, httpMs: number): number {
  return rank > 0 ? Math.ceil(httpMs + EDGE_WAIT + (rank - 1) * EDGE_STEP) : 0;
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
