import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { createDemoSite, hasPages } from '../../demo-site/server.js';
import { createHasher } from '../../hasher-service/index.js';
import { createTracker } from '../../tracker-service/index.js';
import { configured } from './command.js';
import { PeerfoldError } from '../core/errors.js';
import { Failure, type Io } from './io.js';
import { listenAt, portFailure } from './serve.js';

const USUAL_PORT = 8080;

const port = (byDefault: number, meaning: string) =>
  z.number().int().min(1).max(65_535).default(byDefault).describe(`${meaning}, a TCP port`);

const demoConfig = z.strictObject({
  sitePort: port(USUAL_PORT, 'the demo site'),
  hasherPort: port(8081, 'its hash service'),
  trackerPort: port(8082, 'its tracker'),
  data: z
    .string()
    .min(1)
    .optional()
    .describe(
      'directory of keys and tokens; without it, .peerfold/demo, or .peerfold/demo-PORT for a site on another port',
    ),
});
type DemoConfig = z.output<typeof demoConfig>;

/** Only this machine is served. Browsers take `localhost` for a secure context, which workers need. */
const HOST = '127.0.0.1';
const ROOTS_TOKEN_LENGTH = 24;

const NOT_PACKAGED =
  'the demo, with its films of 33 MB, is not in the package: clone the source, and there: npm ci && npm start';

type Close = () => Promise<void>;

export const demo = configured({
  name: 'peerfold demo',
  summary: 'A site with pictures and films, its hash service and its tracker, on this machine only.',
  schema: demoConfig,
  naming: { prefix: 'PEERFOLD' },
  async act(config, io) {
    if (!hasPages()) throw new Failure(NOT_PACKAGED);
    const closers: Close[] = [];
    try {
      const { operatorToken } = await start(config, closers);
      greet(config, operatorToken, io);
      await io.stopped();
    } finally {
      for (const close of closers.reverse()) await close();
    }
    return 0;
  },
});

/** Starts the three; whatever came up is in `closers` when one does not. */
async function start(
  { sitePort, hasherPort, trackerPort, data }: DemoConfig,
  closers: Close[],
): Promise<{ readonly operatorToken: string }> {
  const site = `http://localhost:${sitePort}`;
  const sites = [site, secondVisitor(sitePort)];
  const hasher = `http://localhost:${hasherPort}`;
  const rootsToken = randomBytes(ROOTS_TOKEN_LENGTH).toString('hex');

  const hashService = await createHasher({
    sites,
    allowPrivate: true,
    live: ['/live/*'],
    data: data ?? dataOf(sitePort),
    rootsToken,
    publicUrl: hasher,
    logLevel: 'warn',
  }).catch((error: unknown) => {
    throw elsewhere(error);
  });
  closers.push(() => hashService.close());
  await listenAt(hashService, { port: hasherPort, host: HOST }, label('hasher'));

  const tracker = await createTracker({
    hasher: `http://${HOST}:${hasherPort}`,
    hasherToken: rootsToken,
    federate: sites.join(','),
    operationsPort: 'none',
  });
  closers.push(() => tracker.close());
  await listenAt(tracker, { port: trackerPort, host: HOST }, label('tracker'));

  await startSite({ sitePort, hasher, tracker: `ws://localhost:${trackerPort}`, sites }, closers);
  return hashService;
}

/** Of its own for each site: what was signed for one is of no use to another, and would be cleared away. */
function dataOf(sitePort: number): string {
  return join('.peerfold', sitePort === USUAL_PORT ? 'demo' : `demo-${sitePort}`);
}

/** A demo of the same site that still runs, in words that help. */
function elsewhere(error: unknown): unknown {
  const inUse = error instanceof PeerfoldError ? error.details['inUse'] : undefined;
  if (typeof inUse !== 'string') return error;
  return new Failure(
    `this demo runs already, in ${inUse}; for a second one set PEERFOLD_SITE_PORT, PEERFOLD_HASHER_PORT and PEERFOLD_TRACKER_PORT`,
  );
}

interface SiteSetup {
  readonly sitePort: number;
  readonly hasher: string;
  readonly tracker: string;
  readonly sites: readonly string[];
}

async function startSite({ sitePort, hasher, tracker, sites }: SiteSetup, closers: Close[]): Promise<void> {
  const place = { port: sitePort, host: HOST };
  const addresses = {
    hasher,
    tracker,
    literal: { partners: sites },
    attributes: { 'data-beacons': hasher, 'data-beacon-share': '1' },
  };
  const demoSite = await createDemoSite({ ...place, ...addresses }).catch((error: unknown) => {
    throw portFailure(error, place, label('site'));
  });
  closers.push(() => demoSite.close());
}

/**
 * The same site under this machine's other name. To a browser that is another site, with storage, worker and links of
 * its own: a second visitor without a second browser. The two are federated, so that they are peers.
 */
function secondVisitor(sitePort: number): string {
  return `http://${HOST}:${sitePort}`;
}

function label(name: 'site' | 'hasher' | 'tracker'): { name: string; portFrom: string } {
  return { name, portFrom: `--${name}-port or PEERFOLD_${name.toUpperCase()}_PORT` };
}

function greet({ sitePort, hasherPort, trackerPort }: DemoConfig, operatorToken: string, io: Io): void {
  io.out(
    [
      `peerfold demo ready at http://localhost:${sitePort}`,
      '',
      '  1. Open it and scroll through the gallery: everything comes from the origin.',
      '  2. Follow "Second visitor" at the top, and scroll there: what is below the fold now comes from',
      '     the first visitor. The overlay marks each picture by its source and adds up the bytes.',
      '     A private window or another browser is one more visitor.',
      '  3. Try the films and streams the same way: their first seconds come from the origin, the rest',
      '     from peers.',
      '',
      `  Figures: http://localhost:${hasherPort}/dashboard, operator's token ${operatorToken}`,
      `  They are of one site at a time: choose ${HOST}:${sitePort} there to see what the second visitor got.`,
      `  hash service http://localhost:${hasherPort}, tracker ws://localhost:${trackerPort}`,
      '  Ctrl+C ends the demo.',
    ].join('\n'),
  );
}
