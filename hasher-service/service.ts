import type { HasherConfig } from './config.js';
import type { Site } from '../src/core/brands.js';
import type { Clock } from '../src/core/clock.js';
import type { FastifyBaseLogger, FastifyRequest } from 'fastify';
import { ApiError } from './http/api-error.js';
import type { Budget } from './catalogue/budget.js';
import type { Figures } from './beacons/figures.js';
import type { Catalogue } from './catalogue/catalogue.js';
import type { Hashing } from './hashing/port.js';
import type { Housekeeping } from './housekeeping.js';
import type { Keyring } from './signing/keys.js';
import type { Lanes } from './catalogue/lanes.js';
import type { Lifecycle } from './http/lifecycle.js';
import type { Lookup } from './catalogue/lookup.js';
import type { LiveRoots } from './state/live-roots.js';
import type { Metrics } from './metrics.js';
import type { State } from './state/port.js';
import type { Authority } from './policy/authority.js';
import type { EffectivePolicy } from './policy/effective-policy.js';
import type { RootWatch } from './sources/watch.js';
import type { Signer } from './signing/statements.js';
import type { Versions } from './signing/versions.js';

/** What the routes work with. */
export interface Service {
  readonly config: HasherConfig;
  readonly clock: Clock;
  readonly keyring: Keyring;
  readonly signer: Signer;
  readonly policy: EffectivePolicy;
  readonly authority: Authority;
  readonly versions: Versions;
  readonly roots: LiveRoots;
  readonly state: State;
  readonly lanes: Lanes;
  readonly budget: Budget;
  readonly hashing: Hashing;
  readonly catalogue: Catalogue;
  readonly lookup: Lookup;
  readonly watch: RootWatch;
  readonly housekeeping: Housekeeping;
  readonly metrics: Metrics;
  readonly figures: Figures;
  /** Directory of the dashboard's files. */
  readonly dashboard: URL;
  readonly rootsToken: string;
  readonly operatorToken: string;
  readonly lifecycle: Lifecycle;
  /** Lets another process have the data directory. */
  readonly unlock: () => Promise<void>;
  readonly log: FastifyBaseLogger;
}

/** The largest body any parser of the protocol reads. */
export const MAX_BODY = 512 * 1024;

/** Parses a text body; a malformed one is answered with 400. */
export function parsedBody<T>(request: FastifyRequest, parse: (text: string) => T | undefined): T {
  const parsed = typeof request.body === 'string' ? parse(request.body) : undefined;
  if (parsed === undefined) throw new ApiError(400, 'bad-request', 'The body is malformed or over a limit.');
  return parsed;
}

/** Rejects sites that are not served, and pages of other sites that speak for one. */
export function checkSite({ config }: Service, request: FastifyRequest, site: Site): void {
  if (!config.sites.includes(site))
    throw new ApiError(403, 'unknown-site', `This hash service does not serve ${site}.`);
  const { origin } = request.headers;
  if (origin !== undefined && origin !== site)
    throw new ApiError(403, 'wrong-origin', `A page of ${origin} cannot ask for ${site}.`);
}
