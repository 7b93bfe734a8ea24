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
  data: 'directory of keys, tokens and layers',
  port: 'TCP port; 0 takes a free one',
  host: 'address to listen on',
  allowPrivate: 'let every configured origin be at a private address, for development',
  publicUrl: 'where visitors reach this service; issuer of its statements',
  rootsToken: 'bearer token that trackers need for live roots; without it, one is made and kept in --data',
  maxBytes: 'files above this many bytes are refused',
  originTimeout: "milliseconds until the origin's headers must be there",
  originMinRate: 'slowest origin that is waited for, in bytes per second',
  originConcurrency: 'origin fetches at a time',
  reportThreshold: 'different visitors whose reports withdraw a URL',
  requestsPerSecond: 'requests per second that one address may make on average',
  trustedProxies: 'address or CIDR range of a reverse proxy whose X-Forwarded-For is believed; repeatable',
  logLevel: 'silent, error, warn, info or debug',
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
