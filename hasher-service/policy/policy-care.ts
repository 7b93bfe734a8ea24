import { resolve } from 'node:path';
import { PeerfoldError, reasonOf } from '../../src/core/errors.js';
import { systemClock } from '../../src/protocol/system-clock.js';
import type { HasherConfig } from '../config.js';
import { hasKeys } from '../signing/key-directory.js';
import { areInRedis, withDocuments } from '../state/documents-of.js';
import type { Documents } from '../state/documents.js';
import { readOperatorPolicy, writeOperatorPolicy, type OperatorPolicy } from './operator-policy.js';
import { readPurges, wished, writePurges, type Purges, type PurgeWish } from './purges.js';
import { FOREVER, revocable } from './revocations.js';

/** Both documents as they stand. */
export interface ShownPolicy {
  readonly operator: OperatorPolicy;
  readonly purges: Purges;
}

/**
 * What operators do to the policy, with the service running or not: a running one follows within a second
 * or two, and visitors within five minutes. Rejects with `bad-config` and a sentence.
 */
export class PolicyCare {
  constructor(private readonly documents: Documents) {}

  async show(): Promise<ShownPolicy> {
    const [operator, purges] = [await this.documents.read('policy'), await this.documents.read('purges')];
    return {
      operator: inWords('policy', readOperatorPolicy, operator),
      purges: inWords('purges', readPurges, purges),
    };
  }

  /** The kill switch. */
  enable(enabled: boolean): Promise<void> {
    return this.#change((policy) => ({ ...policy, enabled }));
  }

  /** `rollout`: share of visitors that take part, 0 to 1. */
  rollOut(rollout: number): Promise<void> {
    return this.#change((policy) => ({ ...policy, rollout }));
  }

  /** Voids a URL, a URL pattern or a root for ever. */
  async revoke(what: string): Promise<void> {
    const of = spelt(what);
    return this.#change((policy) => ({
      ...policy,
      revoked: [...policy.revoked.filter((entry) => entry.of !== of), { of, before: FOREVER }],
    }));
  }

  /** Takes a revocation back. */
  async allow(what: string): Promise<void> {
    const of = spelt(what);
    return this.#change((policy) => {
      const revoked = policy.revoked.filter((entry) => entry.of !== of);
      if (revoked.length === policy.revoked.length)
        throw fault(`${of} is not revoked; see peerfold policy show`);
      return { ...policy, revoked };
    });
  }

  /** Voids what is signed until the service carries it out: a URL, a URL pattern, or `all`. */
  async purge(what: { readonly of: string } | 'all'): Promise<void> {
    const wish: PurgeWish = what === 'all' ? what : { orders: [{ of: spelt(what.of) }] };
    const { minEpoch } = (await this.show()).operator;
    await this.documents.update('purges', (before) =>
      writePurges(wished(inWords('purges', readPurges, before), wish, minEpoch)),
    );
  }

  async #change(change: (policy: OperatorPolicy) => OperatorPolicy): Promise<void> {
    await this.documents.update('policy', (before) => {
      const text = writeOperatorPolicy(change(inWords('policy', readOperatorPolicy, before)));
      // What we write must be what the service can read.
      inWords('policy', readOperatorPolicy, text);
      return text;
    });
  }
}

/**
 * Lets `work` change the policy of a hash service with this configuration. Rejects with `bad-config` where none has kept
 * its keys, or one whose policy is in Redis: what is written there nobody reads, and a kill switch must not seem to work.
 */
export async function withPolicyCare<T>(
  config: Pick<HasherConfig, 'data' | 'redis'>,
  work: (care: PolicyCare) => Promise<T>,
): Promise<T> {
  if (config.redis === undefined) {
    const data = resolve(config.data);
    if (!(await hasKeys(data)))
      throw fault(
        `no hash service has its keys in ${data}: name its data directory with --data, such as --data /var/lib/peerfold`,
      );
    if (await areInRedis({ data }))
      throw fault(
        `the hash service of ${data} has its policy in Redis: name it with --redis, as the service has it`,
      );
  }
  return withDocuments(config, systemClock, (documents) => work(new PolicyCare(documents)));
}

function spelt(what: string): string {
  const of = revocable(what);
  if (of !== undefined) return of;
  throw fault(`"${what}" is neither a URL, a URL pattern such as /media/* nor a root`);
}

function inWords<T>(name: string, read: (text?: string) => T, text: string | undefined): T {
  try {
    return read(text);
  } catch (error) {
    throw fault(`the document ${name}.json cannot be used: ${reasonOf(error)}`);
  }
}

function fault(message: string): PeerfoldError {
  return new PeerfoldError('bad-config', message);
}
