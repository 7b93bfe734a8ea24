import type { z } from 'zod';
import { createHasher, hasherConfig } from '../../hasher-service/index.js';
import { configured } from './command.js';
import { serve } from './serve.js';

const PREFIX = 'PEERFOLD_HASHER';

/** What a command can say of the hash service's options; `admit` is a function, for the library. */
const meanings: Record<Exclude<keyof z.input<typeof hasherConfig>, 'admit'>, string> = {
  sites: 'origin of a site whose visitors are served, such as https://www.example.com; repeatable',
  origins:
    'origin that may be fetched, as URL or PUBLIC=UPSTREAM; repeatable; without it, the sites themselves',
  roots:
    'directory that the sites (or PUBLIC, in PUBLIC=DIRECTORY) serve from their root on: large files are read there instead of over HTTP, and watched; repeatable',
  keepQueries:
    'URLs whose query parameters matter, as PATTERN or PATTERN?name&name; others are refused; repeatable',
  dropQueries: 'URLs whose query parameters change nothing, in the same shape; they are left out; repeatable',
  assumeFresh: 'how long files are fresh whose origin does not say, as PATTERN=SECONDS; repeatable',
  live: 'pattern of URLs that exist for seconds only, such as /live/*: looked at first, and waited for; repeatable',
  data: 'directory of keys, tokens and layers',
  redis:
    'shares tokens and work with other instances of the same site over Redis or Valkey, in a database that no other hash service uses: redis://HOST:PORT/N; all need the same keys in --data',
  port: 'TCP port; 0 takes a free one',
  host: 'address to listen on',
  allowPrivate: 'let every configured origin be at a private address, for development',
  publicUrl: 'where visitors reach this service; issuer of its statements',
  rootsToken: 'bearer token that trackers need for live roots; without it, one is made and kept in --data',
  operatorToken: 'bearer token for purges and for the dashboard; without it, one is made and kept in --data',
  turnUrls: 'TURN server that admitted visitors may use, such as turn:turn.example.com:3478; repeatable',
  turnSecret:
    "secret that the TURN servers share with this service (coturn's static-auth-secret), for passwords that expire",
  noBeacons: 'take no figures from pages and trackers, and have no dashboard',
  maxBytes: 'files above this many bytes are refused',
  originTimeout: "milliseconds until the origin's headers must be there",
  originMinRate: 'slowest origin that is waited for, in bytes per second',
  originConcurrency: 'looks at origins at a time; as many again for live URLs',
  coldFetchesPerMinute:
    'looks at URLs without a token that one address may cause in a minute; as many are saved up',
  originFetchesPerSecond: "looks at origins a second, of all together; ten seconds' worth is saved up",
  originBytesPerSecond: "bytes a second read from origins, all together; ten seconds' worth is saved up",
  hashThreads: 'threads that hash; without it, one for each processor, at most 4',
  reportThreshold: 'different visitors whose reports withdraw a URL',
  requestsPerSecond: 'requests per second that one address may make on average',
  trustedProxies: 'address or CIDR range of a reverse proxy whose X-Forwarded-For is believed; repeatable',
  requestTimeoutMs: 'milliseconds until a whole request must be here',
  idleTimeoutMs: 'milliseconds after which a connection on which nothing moves is closed',
  drainMs:
    'once asked to stop: milliseconds for which /readyz says 503 while requests are still taken, for balancers to notice',
  shutdownMs: 'after that: milliseconds until requests under way are cut off',
  logLevel: 'what is logged to standard error: silent, error, warn, info or debug',
};

/** A command at a terminal says what is wrong; every look-up as well is for those who ask for it. */
const schema = hasherConfig.extend({ logLevel: hasherConfig.shape.logLevel.unwrap().default('warn') });

export const hasher = configured({
  name: 'peerfold hasher',
  summary: "Signs what a site's public URLs hold, so that visitors can check what they get from each other.",
  schema,
  naming: { prefix: PREFIX, meanings },
  async act(config, io) {
    const service = await createHasher(config);
    return serve(service, config, { name: 'hasher', portFrom: `--port or ${PREFIX}_PORT` }, io);
  },
});
