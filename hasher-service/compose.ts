import type { FastifyBaseLogger } from 'fastify';
import { Archive } from './state/archive.js';
import { Catalogue, type CatalogueObserver } from './catalogue.js';
import type { HasherConfig } from './config.js';
import { Drafter } from './signing/drafter.js';
import type { Environment } from './environment.js';
import { Examiner } from './sources/examine.js';
import { FetchQueue } from './fetch-queue.js';
import { Housekeeping } from './housekeeping.js';
import { openKeyring } from './signing/keys.js';
import { LiveRoots } from './state/live-roots.js';
import { Metrics } from './metrics.js';
import type { OriginClient } from './origin/client.js';
import { OriginRules } from './origin/rules.js';
import { PolicyFile } from './policy/policy-file.js';
import { rootsTokenOf } from './signing/roots-token.js';
import type { Service } from './service.js';
import { Signer } from './signing/statements.js';

/** Look-ups that may wait for a fetch: beyond this many the answer is "later". */
const MAX_WAITING = 1000;

/** Puts the parts together and reads what the data directory holds. */
export async function createService(
  config: HasherConfig,
  environment: Environment,
  client: OriginClient,
  log: FastifyBaseLogger,
): Promise<Service> {
  const { clock } = environment;
  const { data, sites, maxBytes } = config;
  const keyring = await openKeyring(data, () => clock.now());
  const signer = new Signer(keyring, config.publicUrl ?? `http://${config.host}:${config.port}`);
  const policy = new PolicyFile(data, clock, log);
  await policy.current();
  const archive = new Archive({ data, sites, signer, log });
  await archive.tidy();
  const roots = new LiveRoots();
  const queue = new FetchQueue(config.originConcurrency, MAX_WAITING);
  const metrics = new Metrics({
    fetching: () => queue.running,
    waiting: () => queue.waiting,
    liveRoots: () => roots.size,
  });
  const rules = new OriginRules(config.origins.length > 0 ? config.origins : sites, config.allowPrivate);
  const examiner = new Examiner({ client, rules, environment, maxBytes });
  const observe = observer(metrics, log);
  const drafter = new Drafter({ clock, policy, signer });
  const catalogue = new Catalogue({ clock, archive, examiner, queue, policy, roots, drafter, observe });
  const onError = (error: unknown): void => {
    metrics.failed();
    log.error({ err: error }, 'reading the archive failed');
  };
  const housekeeping = new Housekeeping({ clock, archive, catalogue, roots, onError });
  const rootsToken = config.rootsToken ?? (await rootsTokenOf(data));
  const parts = { keyring, signer, policy, archive, roots, queue, metrics, catalogue, housekeeping };
  return { config, clock, rootsToken, ...parts };
}

function observer(metrics: Metrics, log: FastifyBaseLogger): CatalogueObserver {
  return {
    found(url, finding) {
      metrics.found(finding);
      if (finding.kind !== 'refused') log.info({ url, found: finding.kind }, 'looked at the origin');
      else log.info({ url, found: finding.code, err: finding.cause }, 'refused');
    },
    failed(url, error) {
      metrics.failed();
      log.error({ url, err: error }, 'a look-up failed');
    },
  };
}
