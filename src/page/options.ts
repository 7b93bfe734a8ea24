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
  /**
   * Share of those visitors that go without Peerfold for comparison, 0 to 1: drawn once for each, no worker, no peers.
   * Default 0.
   */
  readonly control?: number;
  /** Address of the hash service that gets beacons: figures of this page that name nobody. Default: none are sent. */
  readonly beacons?: string;
  /** Share of pages that send them, 0 to 1. Default 0.1. */
  readonly beaconShare?: number;
  /** Shows a ready-made notice to visitors who have not chosen yet. */
  readonly notice?: boolean;
  /** Address of the site's privacy text, for the notice. */
  readonly privacy?: string;
  /** STUN and TURN servers. Default none: only direct candidates. */
  readonly iceServers?: readonly RTCIceServer[];
  /** Only links through TURN servers, which hide visitors' addresses from each other. */
  readonly relayOnly?: boolean;
  /** Marks each resource by its source and shows running totals. */
  readonly overlay?: boolean;
  /** Nothing on this page, as with `?peerfold=off` in its address. */
  readonly off?: boolean;
}

export const DEFAULT_WORKER = '/peerfold-sw.js';
