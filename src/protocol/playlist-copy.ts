import type { CanonicalUrl } from '../core/brands.js';

/** The text of a playlist or manifest that a page got. */
export interface PlaylistCopy {
  /** What it asked for. */
  readonly asked: CanonicalUrl;
  /** What relative addresses in the text are relative to: another one after a redirect. */
  readonly url: CanonicalUrl;
  readonly text: string;
}
