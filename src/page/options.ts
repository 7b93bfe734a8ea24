/** Whether visitors are asked first (`required`) or may object (`implied`); the site's owner chooses. */
export type ConsentMode = 'required' | 'implied';

/** What a site can set, by script attributes or through the module's `start`. */
export interface PeerfoldOptions {
  readonly consent: ConsentMode;
  /** Address of the site's worker file, relative to the page. Default `/peerfold-sw.js`. */
  readonly sw?: string;
  /**
   * Upload cap in bytes per second. Default 1.25 MB/s, and 640 kB/s on a desktop whose network is not known.
   * On metered networks, and on unknown ones on a mobile device, nothing is uploaded whatever is set here.
   */
  readonly upload?: number;
  /** Bytes uploaded in a visit for each that it received and can share, at most. Default 1. */
  readonly uploadRatio?: number;
  /** Bytes uploaded in a visit, at most. Default 1 GiB. */
  readonly uploadSession?: number;
  /** Bytes uploaded in a calendar month (UTC), at most. Default 20 GiB. */
  readonly uploadMonth?: number;
  /** Share of visitors that take part, 0 to 1. Default 1. */
  readonly rollout?: number;
  /** STUN and TURN servers. Default none: only direct candidates. */
  readonly iceServers?: readonly RTCIceServer[];
  /** Only links through TURN servers, which hide visitors' addresses from each other. */
  readonly relayOnly?: boolean;
  /** Marks each resource by its source and shows running totals. */
  readonly overlay?: boolean;
}

export const DEFAULT_WORKER = '/peerfold-sw.js';
