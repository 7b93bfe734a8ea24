import type { FastifyBaseLogger } from 'fastify';
import type { CanonicalUrl } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import type { Catalogue } from '../catalogue/catalogue.js';
import type { HasherConfig } from '../config.js';
import type { Environment } from '../environment.js';
import { createHashing } from '../hashing/create-hashing.js';
import type { Hashing } from '../hashing/port.js';
import { Lanes } from '../catalogue/lanes.js';
import { Assumptions } from '../judging/assumptions.js';
import { QueryRules } from '../judging/queries.js';
import type { OriginClient } from '../origin/client.js';
import { OriginRules } from '../origin/rules.js';
import { DiskRoots } from '../sources/disk.js';
import { Examiner } from '../sources/examine.js';
import { Supplies } from '../sources/supplies.js';
import { RootWatch } from '../sources/watch.js';

/** What finds out about URLs. */
export interface Sources {
  readonly hashing: Hashing;
  readonly queries: QueryRules;
  readonly diskRoots: DiskRoots;
  readonly examiner: Examiner;
  readonly lanes: Lanes;
}

/** Look-ups that may wait for a fetch, in each lane: beyond this many the answer is "later". */
const MAX_WAITING = 1000;

export function createSources(config: HasherConfig, environment: Environment, client: OriginClient): Sources {
  const { sites, origins, allowPrivate, maxBytes, live, originConcurrency: concurrency } = config;
  const lanes = new Lanes({ live, concurrency, maxWaiting: MAX_WAITING });
  const hashing = createHashing({ ...environment, threads: config.hashThreads });
  const queries = new QueryRules({ keep: config.keepQueries, drop: config.dropQueries });
  const diskRoots = new DiskRoots(config.roots, hashing);
  const rules = new OriginRules(origins.length > 0 ? origins : sites, allowPrivate);
  const examiner = new Examiner({
    client,
    rules,
    queries,
    assumptions: new Assumptions(config.assumeFresh),
    supplies: new Supplies({ client, rules, roots: diskRoots, hashing, environment }),
    hashing,
    environment,
    maxBytes,
    isLive: (url) => lanes.isLive(url),
  });
  return { hashing, queries, diskRoots, examiner, lanes };
}

/** What is too low where the system gives no more watches, by its error. */
const LIMITS: Readonly<Record<string, string | undefined>> = {
  ENOSPC: 'fs.inotify.max_user_watches',
  EMFILE: 'fs.inotify.max_user_instances',
};
const LATE =
  'some folders below --root are not watched: a file that changes there is looked at again when what is ' +
  'signed about it ends (its max-age, a day at most), not at once';

/** Files that change are looked at again for every site that shares them. */
export function createWatch(
  { sites }: Pick<HasherConfig, 'sites'>,
  { rules }: Pick<DiskRoots, 'rules'>,
  { clock, catalogue, log }: Watching,
): RootWatch {
  const onError = (error: unknown): void => {
    const limit = LIMITS[String((error as { readonly code?: unknown }).code)];
    if (limit === undefined) log.error({ err: error }, LATE);
    else log.warn(`${LATE}. Raise sysctl ${limit} and start again, or leave --root out`);
  };
  const onChange = (url: CanonicalUrl): void => {
    for (const site of sites)
      catalogue.recheck(site, url).catch((error: unknown) => {
        log.error({ url, err: error }, 'a file that changed cannot be looked at again');
      });
  };
  return new RootWatch({ rules, sites, clock, onChange, onError });
}

interface Watching {
  readonly clock: Clock;
  readonly catalogue: Pick<Catalogue, 'recheck'>;
  readonly log: Pick<FastifyBaseLogger, 'warn' | 'error'>;
}
