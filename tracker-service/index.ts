import { pino } from 'pino';
import type { RandomBytes } from '../src/core/bytes.js';
import { PeerfoldError, reasonOf } from '../src/core/errors.js';
import { systemClock } from '../src/protocol/system-clock.js';
import { RemoteKeys } from '../src/verify/keys.js';
import { Addresses } from './server/addresses.js';
import { SignedAdmission } from './admission/admission.js';
import { trackerConfig, type TrackerConfig, type TrackerOptions } from './config.js';
import { Door } from './server/door.js';
import { HasherClient } from './admission/hasher-client.js';
import { Metrics } from './metrics.js';
import { OpenDoorDesk, OpenRoots } from './admission/open-sites.js';
import { Places } from './server/places.js';
import { TrackerServer, type ListenAddress } from './server/server.js';
import { TrackerCore } from './core/tracker.js';

export { trackerConfig, type TrackerConfig, type TrackerOptions } from './config.js';

export interface Tracker {
  /** Resolves with the address once visitors can connect. Rejects with the system's error. */
  listen(address: ListenAddress): Promise<{ url: string }>;
  /** Tells every visitor when to come back, then closes. */
  close(): Promise<void>;
}

/** A tracker in this process. Rejects with `bad-config` and a sentence that names every wrong field. */
export function createTracker(options: TrackerOptions): Promise<Tracker> {
  const result = trackerConfig.safeParse(options);
  if (result.success) return Promise.resolve(assemble(result.data));
  const faults = result.error.issues.map((issue) => `${issue.path.join('.') || 'options'}: ${issue.message}`);
  return Promise.reject(new PeerfoldError('bad-config', faults.join('; ')));
}

function assemble(config: TrackerConfig): Tracker {
  const clock = systemClock;
  const { hasher, hasherToken: token, leaseSeconds } = config;
  const openSites = new Set(config.openSites);
  const log = pino({ name: 'peerfold-tracker', level: config.logLevel }, pino.destination(2));
  const metrics = new Metrics((error) => {
    log.warn(reasonOf(error));
  });
  const keys = hasher === undefined ? undefined : new RemoteKeys({ hasher, fetch, clock });
  const admissions = keys && new SignedAdmission({ keys, clock }, metrics.trouble.bind(metrics));
  const roots = hasher === undefined ? undefined : new HasherClient({ hasher, token, fetch });
  const core = new TrackerCore({
    limits: config,
    clock,
    random: randomBytes,
    desk: new OpenDoorDesk(openSites, admissions),
    roots: new OpenRoots(openSites, roots, clock),
    tally: metrics,
  });
  metrics.watch(() => core.census());
  return new TrackerServer({
    core,
    door: new Door(clock, config),
    addresses: new Addresses(config.trustedProxies),
    places: new Places(randomBytes(PLACE_SECRET_LENGTH)),
    metrics,
    clock,
    leaseSeconds,
    ready: async () => {
      // A key that is never there: looking for it reads the key set when it is older than half a minute.
      await keys?.find('readiness');
    },
  });
}

const PLACE_SECRET_LENGTH = 32;

const randomBytes: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));
