/** Whether visitors are asked first (`required`) or may object (`implied`); the site's owner chooses. */
export type ConsentMode = 'required' | 'implied';

/** What a site can set, by script attributes or through the module's `start`. */
export interface PeerfoldOptions {
  readonly consent: ConsentMode;
  /** Address of the site's worker file, relative to the page. Default `/peerfold-sw.js`. */
  readonly sw?: string;
  /** Upload cap in bytes per second. Default 1.25 MB/s. */
  readonly upload?: number;
  /** Share of visitors that take part, 0 to 1. Default 1. */
  readonly rollout?: number;
  /** STUN and TURN servers. Default none: only direct candidates. */
  readonly iceServers?: readonly RTCIceServer[];
  /** Marks each resource by its source and shows running totals. */
  readonly overlay?: boolean;
}

export const DEFAULT_WORKER = '/peerfold-sw.js';

/** 10 Mbit/s: useful to others, and below what home connections notice. */
export const DEFAULT_UPLOAD = 1_250_000;
