import type { CanonicalUrl } from '../../core/brands.js';
import type { Rendition } from '../programme.js';

/** What one text says of one rendition. */
export interface ListedRendition extends Rendition {
  /** HLS: where its segments are listed; there are none here then. */
  readonly playlist?: CanonicalUrl;
  /** HLS: the number of its first segment, counting those that are `skipped`. */
  readonly sequence?: number;
  /** HLS: so many segments at its beginning are left out, since an earlier text listed them. */
  readonly skipped?: number;
  /** DASH: the next segment is there, without being listed anew, at this time (ms since 1970). */
  readonly until?: number;
}

/** What `peerfold-playlists.js` exports. */
export interface PlaylistsModule {
  /**
   * Reads an HLS playlist or a DASH manifest, one rendition after the other, so that there can be pauses between
   * them. `url` is what relative addresses are relative to; `now` is in milliseconds since 1970.
   * @throws whatever the parsers throw at a text that is neither.
   */
  readonly readPlaylist: (url: CanonicalUrl, text: string, now: number) => Iterable<ListedRendition>;
}
