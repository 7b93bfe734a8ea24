import type { Bytes } from '../src/core/bytes.js';
import { reasonOf } from '../src/core/errors.js';
import { RemoteKeys } from '../src/verify/keys.js';
import { SignedAdmission } from './admission/admission.js';
import { HashServices, type Service } from './admission/hash-services.js';
import { HasherClient } from './admission/hasher-client.js';
import { Strangers } from './admission/strangers.js';
import { TokenWatch } from './admission/token-watch.js';
import { Reporter } from './admission/reporter.js';
import { OpenDoorDesk, OpenRoots } from './admission/open-sites.js';
import type { TrackerConfig } from './config.js';
import { TrackerCore } from './core/tracker.js';
import type { Environment } from './environment.js';
import { Metrics } from './metrics.js';
import { NODE_LENGTH, nodeName } from './nodes/names.js';
import type { Others } from './nodes/port.js';
import { RedisOthers } from './nodes/redis/redis-others.js';
import { Addresses } from './server/addresses.js';
import { Door } from './server/door.js';
import { Journal, createLog, type Log } from './server/log.js';
import { openFiles, type OperatorFiles } from './server/operator-files.js';
import { Operations, type ListenAddress } from './server/operations.js';
import { Places } from './server/places.js';
import { PressureGauge } from './server/pressure.js';
import { TrackerServer } from './server/server.js';
import { Shutdown } from './server/shutdown.js';
import { federationsOf, hashServicesOf } from './sites.js';

const PLACE_SECRET_LENGTH = 32;
const MEGABYTE = 1_000_000;

/** What all parts share. */
interface Base {
  readonly config: TrackerConfig;
  readonly environment: Environment;
  readonly log: Log;
  readonly journal: Journal;
  readonly metrics: Metrics;
  readonly files: OperatorFiles;
}

/** A tracker of parts that fit together. Rejects with `bad-config` when a file cannot be used. */
export async function assemble(config: TrackerConfig, environment: Environment): Promise<TrackerService> {
  const { clock } = environment;
  const log = createLog(config.logLevel);
  const journal = new Journal({ log, clock, addresses: config.logAddresses });
  const metrics = new Metrics((error) => {
    journal.trouble(error);
  });
  const files = await openFiles({ config, clock, log, trouble: metrics.trouble.bind(metrics) });
  const base = { config, environment, log, journal, metrics, files };
  const pressure = pressureGauge(base);
  const services = hashServices(base);
  const node = environment.random(NODE_LENGTH);
  const others = otherNodes(base, node);
  const core = coreOf(base, { services, pressure, node, others });
  try {
    await others?.open(core);
    const placeSecret = (await others?.placeSecret()) ?? environment.random(PLACE_SECRET_LENGTH);
    return new TrackerService(base, { services, pressure, core, others, placeSecret });
  } catch (error) {
    core.close();
    pressure.close();
    files.close();
    journal.close();
    throw error;
  }
}

/** What serves the visitors. */
interface Parts {
  readonly services: HashServices;
  readonly pressure: PressureGauge;
  readonly core: TrackerCore;
  readonly others: Others | undefined;
  /** Nodes that share it agree on places. */
  readonly placeSecret: Bytes;
}

/** Everything that runs, from `listen` to `close`. */
export class TrackerService {
  readonly #base: Base;
  readonly #parts: Parts;
  readonly #server: TrackerServer;
  readonly #operations: Operations;
  readonly #shutdown: Shutdown;
  readonly #reporter: Reporter;

  constructor(base: Base, parts: Parts) {
    const { config, metrics } = base;
    const { clock } = base.environment;
    [this.#base, this.#parts] = [base, parts];
    const door = new Door(clock, config);
    this.#server = server(base, parts, door);
    this.#operations = new Operations({ metrics, ready: () => this.#ready() });
    this.#reporter = reporter(base, parts);
    this.#shutdown = new Shutdown({ clock, config, stoppable: this.#server });
    metrics.watch(() => ({
      ...parts.core.census(),
      sockets: door.sockets,
      addresses: door.addresses,
      pressure: parts.pressure.level,
      nodes: 1 + (parts.others?.status().living ?? 0),
    }));
  }

  async listen(where: Partial<ListenAddress> = {}): Promise<{ url: string; operations: string | undefined }> {
    const { host, port, operationsHost, operationsPort } = this.#base.config;
    const operations =
      operationsPort === 'none'
        ? undefined
        : await this.#operations.listen({ port: operationsPort, host: operationsHost });
    const url = await this.#server.listen({ host, port, ...where });
    this.#parts.services.start();
    this.#base.log.info({ url, operations }, 'started');
    return { url, operations };
  }

  async close(): Promise<void> {
    const { files, journal, log } = this.#base;
    if (this.#shutdown.stage === 'open') log.info('stopping');
    await this.#shutdown.run();
    await this.#parts.others?.close();
    this.#parts.pressure.close();
    this.#reporter.close();
    this.#parts.services.close();
    files.close();
    journal.close();
    await this.#operations.close();
  }

  /** What `/readyz` says; rejects with why not. */
  async #ready(): Promise<string> {
    if (this.#shutdown.stage !== 'open') throw new Error('stopping');
    const { others, services } = this.#parts;
    const buts = [...(await services.faults()), ...aloneSince(others)];
    return ['ready', ...buts].join(', but ');
  }
}

function hashServices(base: Base): HashServices {
  const { hasher, hasherToken } = base.config;
  return new HashServices(hashServicesOf(hasher, hasherToken).map((one) => hashService(base, one)));
}

function hashService(
  { environment: { clock, fetch }, metrics, journal, log }: Base,
  { site, url, token }: ReturnType<typeof hashServicesOf>[number],
): Service {
  const keys = new RemoteKeys({ hasher: url, fetch, clock });
  const client = new HasherClient({ hasher: url, token, fetch });
  const failed = metrics.trouble.bind(metrics);
  const tokenWatch = new TokenWatch({
    clock,
    ask: () => client.refusal(site),
    changed(fault) {
      log.warn({ hasher: url }, fault ?? 'the token is accepted');
    },
    failed,
  });
  const strangers = new Strangers(clock, url, (error) => {
    journal.trouble(error);
  });
  return {
    site,
    desk: new SignedAdmission({ keys, clock }, failed, (of) => {
      strangers.came(of);
    }),
    roots: client,
    reports: client,
    async ready() {
      // A key that is never there: looking for it reads the key set when it is older than half a minute.
      await keys.find('readiness');
      const fault = await tokenWatch.fault();
      if (fault !== undefined) throw new Error(fault);
    },
    doubt: () => strangers.doubt,
    start() {
      tokenWatch.start();
    },
    close() {
      tokenWatch.close();
    },
  };
}

/** Nobody is there to hear of open sites. */
function reporter({ config, environment, log }: Base, { core, services }: Parts): Reporter {
  const openSites = new Set(config.openSites);
  return new Reporter({
    clock: environment.clock,
    figures: () => core.figures(),
    send: (report) => (openSites.has(report.site) ? Promise.resolve() : services.report(report)),
    failed: (error) => {
      log.info({ reason: reasonOf(error) }, 'no figures for the hash service');
    },
  });
}

function pressureGauge({ config, environment, log }: Base): PressureGauge {
  const bound = config.maxMemoryMb === undefined ? undefined : config.maxMemoryMb * MEGABYTE;
  return new PressureGauge({
    clock: environment.clock,
    memory: () => environment.memory(bound),
    changed(level) {
      log.warn({ pressure: level }, level === 0 ? 'overload is over' : 'overload: load is shed');
    },
  });
}

/** Without Redis a node serves those who are here: balancers that took all nodes out would serve nobody. */
function aloneSince(others: Others | undefined): string[] {
  const away = others?.status().away;
  return away ? [`without the other nodes since ${new Date(away.since).toISOString()}: ${away.reason}`] : [];
}

function otherNodes({ config, environment, log }: Base, node: Bytes): Others | undefined {
  const { redis: urls, holdersPerRoot } = config;
  const { clock, random } = environment;
  if (urls.length === 0) return undefined;
  return new RedisOthers({ urls, node: nodeName(node), clock, random, log, holdersPerRoot });
}

function coreOf(
  { config, environment, metrics }: Base,
  { services, ...parts }: Pick<Parts, 'services' | 'pressure' | 'others'> & { readonly node: Bytes },
): TrackerCore {
  const { clock, random } = environment;
  const openSites = new Set(config.openSites);
  return new TrackerCore({
    limits: config,
    clock,
    random,
    desk: new OpenDoorDesk(openSites, services),
    roots: new OpenRoots(openSites, services, clock),
    tally: metrics,
    ...parts,
    federations: federationsOf(config.federate),
  });
}

function server(base: Base, { core, pressure, placeSecret: secret }: Parts, door: Door): TrackerServer {
  const { config, environment, files, journal, metrics } = base;
  return new TrackerServer({
    core,
    door,
    addresses: new Addresses(config.trustedProxies),
    places: new Places({ secret, surroundingsOf: (address) => files.networks.surroundingsOf(address) }),
    pressure,
    clock: environment.clock,
    config,
    certificate: files.certificate,
    turnedAway(why, address) {
      metrics.turnedAway(why);
      journal.turnedAway(why, address);
    },
    trouble: metrics.trouble.bind(metrics),
  });
}
