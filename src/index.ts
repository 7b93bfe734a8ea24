import { PeerfoldError } from './core/errors.js';
import { here, launch } from './page/launch.js';
import type { PeerfoldOptions } from './page/options.js';
import type { Peerfold } from './page/peerfold.js';

/** Options of `start`: those of the script tag, and where the engine file lies. */
export interface StartOptions extends PeerfoldOptions {
  /**
   * Address of `peerfold-engine.js` on the site, such as `/peerfold-engine.js`; the files beside it are loaded from there,
   * too. Needed with every bundler: the files are no part of the bundle but copied to the site (`npx peerfold init` does
   * it), of the same release as this module. Default: beside this module, which is right only where it is served as it is.
   */
  readonly engineUrl?: string;
}

/**
 * Starts Peerfold on this page, as the script tag does, and sets `window.peerfold`. Called again, it
 * returns the first one.
 * @throws PeerfoldError `not-supported` in frames, and in browsers and pages without service workers or WebRTC: catch it
 * there, the page goes on over HTTP.
 */
export function start({ engineUrl, ...options }: StartOptions): Peerfold {
  const url = new URL(engineUrl ?? 'peerfold-engine.js', engineUrl ? document.baseURI : import.meta.url);
  const peerfold = launch(options, url.href) ?? here().peerfold;
  if (!peerfold)
    throw new PeerfoldError('not-supported', 'Peerfold needs a top-level window, workers and WebRTC');
  return peerfold;
}

export { PeerfoldError, type ErrorCode } from './core/errors.js';
export type { Fault, PeerEvent, Stats } from './page/engine-host.js';
export type { PeerfoldEvents } from './page/events.js';
export type { ConsentMode, PeerfoldOptions } from './page/options.js';
export type { Playback, PlaybackEvent } from './page/playbacks.js';
export type { Peerfold } from './page/peerfold.js';
export type { Status } from './page/readiness.js';
export type { UploadLimit } from './page/upload-budget.js';
export type { ByteCounts, FallbackReason, Source, TransferReport, Verdict } from './protocol/bridge.js';
