import type { CanonicalUrl } from '../../src/core/brands.js';
import type { Environment } from '../environment.js';
import type { Digested, Hashing } from '../hashing/port.js';
import { mediaType } from '../judging/headers.js';
import type { OriginClient } from '../origin/client.js';
import { OriginFault } from '../origin/fault.js';
import type { Representation } from '../origin/representation.js';
import type { OriginRules } from '../origin/rules.js';
import { agrees } from './agreement.js';
import type { DiskRoots } from './disk.js';
import type { Supply } from './supply.js';
import { Upstream } from './upstream.js';

export interface SuppliesOptions {
  readonly client: OriginClient;
  readonly rules: OriginRules;
  readonly roots: DiskRoots;
  readonly hashing: Hashing;
  readonly environment: Environment;
}

/** Below this the answer that is here already costs less than asking somebody else and comparing. */
const MIN_LENGTH = 1024 * 1024;

/** Chooses where the bytes of an answer are read: on disk, upstream, or from the public origin itself. */
export class Supplies {
  constructor(private readonly options: SuppliesOptions) {}

  /** Hashes what `seen` is the public answer of; its body is read or left. Throws `OriginFault`. */
  async digest(url: CanonicalUrl, seen: Representation): Promise<Digested | undefined> {
    const supply = await this.#candidate(url, seen);
    if (!supply) return this.#hash(seen);
    // Left before anything is compared: looks that hold a connection and wait for another would block all.
    seen.discard();
    try {
      if (await this.#agrees(seen, supply)) return await supply.digest(mediaType(seen.headers));
    } finally {
      await supply.close();
    }
    return this.#hash(await seen.reopened());
  }

  #hash(seen: Representation): Promise<Digested | undefined> {
    return this.options.hashing.hashStream(seen.body(), mediaType(seen.headers));
  }

  async #candidate(url: CanonicalUrl, seen: Representation): Promise<Supply | undefined> {
    if (seen.length === undefined || seen.length < MIN_LENGTH) return undefined;
    const { client, rules, roots, hashing, environment } = this.options;
    const onDisk = await roots.open(url);
    if (onDisk) return onDisk;
    const target = rules.upstreamTarget(url);
    if (!target) return undefined;
    const { clock } = environment;
    return Upstream.find({ client, clock, hashing }, { ...seen.request, target }).catch(unlessFault);
  }

  async #agrees(seen: Representation, supply: Supply): Promise<boolean> {
    return (await agrees(seen, supply, this.options.environment.random).catch(unlessFault)) ?? false;
  }
}

/** Somebody else who fails does not matter: the public origin has the bytes. */
function unlessFault(error: unknown): undefined {
  if (error instanceof OriginFault) return undefined;
  throw error;
}
