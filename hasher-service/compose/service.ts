import { randomUUID } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import { Figures } from '../beacons/figures.js';
import { Budget } from '../catalogue/budget.js';
import { Catalogue, type CatalogueObserver } from '../catalogue/catalogue.js';
import type { HasherConfig } from '../config.js';
import type { Environment } from '../environment.js';
import { Housekeeping } from '../housekeeping.js';
import { Lifecycle } from '../http/lifecycle.js';
import { Lookup } from '../catalogue/lookup.js';
import { Metrics } from '../metrics.js';
import type { OriginClient } from '../origin/client.js';
import type { Service } from '../service.js';
import { operatorTokenOf, rootsTokenOf } from '../signing/bearer-tokens.js';
import { checkApart } from '../sources/apart.js';
import { directoriesOf } from '../sources/disk.js';
import { lockDirectory } from '../state/directory-lock.js';
import { removeUnfinished } from '../state/files.js';
import { LiveRoots } from '../state/live-roots.js';
import { createSources, createWatch, type Sources } from './sources.js';
import { openVoice, type Voice } from './voice.js';

/** Puts the parts together and reads what the data directory holds. */
export async function createService(
  config: HasherConfig,
  environment: Environment,
  client: OriginClient,
  log: FastifyBaseLogger,
): Promise<Service> {
  await checkApart(config.data, directoriesOf(config.roots));
  const unlock = await locked(config, environment, log);
  try {
    return { ...(await open(config, environment, client, log)), unlock };
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** What is in Redis is there for several; of the directory they then only read keys, and it may be one for all. */
function locked(
  { data, redis }: HasherConfig,
  { clock }: Environment,
  log: FastifyBaseLogger,
): Promise<() => Promise<void>> {
  if (redis !== undefined) return Promise.resolve(() => Promise.resolve());
  const unsure = (error: unknown): void => {
    log.warn({ err: error, data }, 'the data directory cannot be locked: no other hash service may use it');
  };
  return lockDirectory(data, { clock, unsure });
}

async function open(
  config: HasherConfig,
  environment: Environment,
  client: OriginClient,
  log: FastifyBaseLogger,
): Promise<Omit<Service, 'unlock'>> {
  await removeUnfinished(config.data);
  const sources = createSources(config, environment, client);
  const voice = await openVoice(config, environment, { ...sources, log });
  try {
    return await assemble({ config, environment, log }, sources, voice);
  } catch (error) {
    await voice.state.close();
    throw error;
  }
}

async function assemble(
  { config, environment, log }: { config: HasherConfig; environment: Environment; log: FastifyBaseLogger },
  sources: Sources,
  voice: Voice,
): Promise<Omit<Service, 'unlock'>> {
  const { clock } = environment;
  const { data } = config;
  const { keyring, state } = voice;
  const roots = new LiveRoots((kid) => keyring.trusts(kid));
  const work = createWork(config, environment, { roots, lanes: sources.lanes });
  const observe = observer(work.metrics, log);
  const catalogue = new Catalogue({ ...voice, ...sources, ...work, clock, roots, observe });
  await state.open(catalogue);
  const onError = (error: unknown): void => {
    work.metrics.failed();
    log.error({ err: error }, 'looking through what is kept failed');
  };
  return {
    config,
    clock,
    log,
    ...voice,
    ...sources,
    ...work,
    roots,
    catalogue,
    rootsToken: config.rootsToken ?? (await rootsTokenOf(data)),
    operatorToken: config.operatorToken ?? (await operatorTokenOf(data)),
    lookup: new Lookup({ ...voice, ...sources, catalogue }),
    figures: createFigures(config, environment, { store: voice.figuresStore, log }),
    dashboard: environment.dashboard,
    watch: createWatch(config, sources.diskRoots, { clock, catalogue, log }),
    housekeeping: new Housekeeping({ clock, state, roots, onError }),
    lifecycle: new Lifecycle(),
  };
}

/** What work costs, and how much of it there may be. */
function createWork(
  config: HasherConfig,
  { clock }: Environment,
  { roots, lanes }: Pick<Service, 'roots' | 'lanes'>,
): Pick<Service, 'metrics' | 'budget'> {
  const metrics = new Metrics({
    fetching: () => lanes.running,
    waiting: () => lanes.waiting,
    liveRoots: () => roots.size,
  });
  const budget = new Budget({ clock, ...config, refused: (limit) => metrics.refused(limit) });
  return { metrics, budget };
}

function createFigures(
  { sites }: HasherConfig,
  { clock }: Environment,
  { store, log }: { readonly store: Voice['figuresStore']; readonly log: FastifyBaseLogger },
): Figures {
  const failed = (error: unknown): void => {
    log.warn({ err: error }, 'figures cannot be kept or read');
  };
  return new Figures({ clock, store, sites, run: randomUUID(), failed });
}

function observer(metrics: Metrics, log: FastifyBaseLogger): CatalogueObserver {
  return {
    found(url, finding, look) {
      metrics.found(finding, look);
      if (finding.kind !== 'refused') log.info({ url, found: finding.kind }, 'looked at the origin');
      else log.info({ url, found: finding.code, err: finding.cause }, 'refused');
    },
    failed(url, error) {
      metrics.failed();
      log.error({ url, err: error }, 'a look-up failed');
    },
  };
}
