import { RemoteKeys } from '../src/verify/keys.js';
import { SignedAdmission } from './admission/admission.js';
import { HashServices, type Service } from './admission/hash-services.js';
import { HasherClient } from './admission/hasher-client.js';
import { OpenDoorDesk, OpenRoots } from './admission/open-sites.js';
import type { TrackerConfig } from './config.js';
import { TrackerCore } from './core/tracker.js';
import type { Environment } from './environment.js';
import { Metrics } from './metrics.js';
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
  return new TrackerService({ config, environment, log, journal, metrics, files });
}

/** Everything that runs, from `listen` to `close`. */
export class TrackerService {
  readonly #base: Base;
  readonly #hashServices: HashServices;
  readonly #pressure: PressureGauge;
  readonly #core: TrackerCore;
  readonly #server: TrackerServer;
  readonly #operations: Operations;
  readonly #shutdown: Shutdown;

  constructor(base: Base) {
    const { config, metrics } = base;
    const { clock } = base.environment;
    this.#base = base;
    this.#hashServices = hashServices(base);
    this.#pressure = pressureGauge(base);
    this.#core = core(base, this.#hashServices, this.#pressure);
    const door = new Door(clock, config);
    this.#server = server(base, this.#core, door, this.#pressure);
    this.#operations = new Operations({ metrics, ready: () => this.#ready() });
    this.#shutdown = new Shutdown({ clock, config, stoppable: this.#server });
    metrics.watch(() => ({
      ...this.#core.census(),
      sockets: door.sockets,
      addresses: door.addresses,
      pressure: this.#pressure.level,
    }));
  }

  async listen(address: ListenAddress): Promise<{ url: string; operations: string | undefined }> {
    const { operationsHost: host, operationsPort: port } = this.#base.config;
    const operations = port === 'none' ? undefined : await this.#operations.listen({ port, host });
    const url = await this.#server.listen(address);
    this.#base.log.info({ url, operations }, 'started');
    return { url, operations };
  }

  async close(): Promise<void> {
    const { files, journal, log } = this.#base;
    if (this.#shutdown.stage === 'open') log.info('stopping');
    await this.#shutdown.run();
    this.#pressure.close();
    files.close();
    journal.close();
    await this.#operations.close();
  }

  /** What `/readyz` says; rejects with why not. */
  async #ready(): Promise<string> {
    if (this.#shutdown.stage !== 'open') throw new Error('stopping');
    const unreachable = await this.#hashServices.unreachable();
    if (unreachable === 0) return 'ready';
    return `ready, but ${unreachable} of ${this.#hashServices.size} hash services cannot be reached`;
  }
}

function hashServices({ config, environment, metrics }: Base): HashServices {
  const { clock, fetch } = environment;
  const services = hashServicesOf(config.hasher, config.hasherToken).map(({ site, url, token }): Service => {
    const keys = new RemoteKeys({ hasher: url, fetch, clock });
    return {
      site,
      desk: new SignedAdmission({ keys, clock }, metrics.trouble.bind(metrics)),
      roots: new HasherClient({ hasher: url, token, fetch }),
      // A key that is never there: looking for it reads the key set when it is older than half a minute.
      ready: () => keys.find('readiness'),
    };
  });
  return new HashServices(services);
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

function core({ config, environment, metrics }: Base, services: HashServices, pressure: PressureGauge) {
  const { clock, random } = environment;
  const openSites = new Set(config.openSites);
  return new TrackerCore({
    limits: config,
    clock,
    random,
    desk: new OpenDoorDesk(openSites, services),
    roots: new OpenRoots(openSites, services, clock),
    tally: metrics,
    pressure,
    federations: federationsOf(config.federate),
  });
}

function server(base: Base, tracker: TrackerCore, door: Door, pressure: PressureGauge): TrackerServer {
  const { config, environment, files, journal, metrics } = base;
  const secret = environment.random(PLACE_SECRET_LENGTH);
  return new TrackerServer({
    core: tracker,
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
