import type { CanonicalUrl } from '../core/brands.js';

/** What a playlist (HLS) or a manifest (DASH) says that can be played, in terms that both share. */
export interface Programme {
  /** The playlist's own address. */
  readonly url: CanonicalUrl;
  readonly renditions: readonly Rendition[];
}

/** One way to get one kind of media: a variant, or an audio track. */
export interface Rendition {
  /** Stays the same when the playlist is read again. */
  readonly id: string;
  readonly kind: 'video' | 'audio' | 'text';
  /** Bits per second; absent where the playlist does not say. */
  readonly bandwidth?: number;
  /** In the order in which they play. Those of init sections are not among them. */
  readonly segments: readonly Segment[];
  /** More segments will come; the last one here is the live edge. */
  readonly live: boolean;
}

/** What a player fetches in one request. */
export interface Segment {
  readonly url: CanonicalUrl;
  /** Bytes from `start` up to, not including, `end`; absent when it is all of the URL. */
  readonly start?: number;
  readonly end?: number;
  /** Seconds from the beginning of the rendition as far as it is listed. */
  readonly at: number;
  /** Seconds that it plays. */
  readonly duration: number;
}
