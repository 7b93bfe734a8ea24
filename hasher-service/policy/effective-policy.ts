import type { Site } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import { PeerfoldError, reasonOf } from '../../src/core/errors.js';
import { isRevoked, type Voidable } from '../../src/verify/statements.js';
import type { PolicyBody } from '../signing/statements.js';
import type { Versions } from '../signing/versions.js';
import type { DocumentName, Documents } from '../state/documents.js';
import { within } from '../../src/core/within.js';
import { readOperatorPolicy, type OperatorPolicy } from './operator-policy.js';
import {
  carriedOut,
  isOver,
  readPurges,
  revocationsFor,
  wished,
  writePurges,
  type PurgeWish,
  type Purges,
} from './purges.js';

/** The documents are looked at no more often than this (ms): a change is to be seen soon, requests are many. */
const LOOK_AGAIN = 1000;
/** So long a request waits for that (ms): a disk needs one or two. */
const PATIENCE = 100;

interface PolicyLog {
  error(details: object, message: string): void;
  info(details: object, message: string): void;
}

export interface EffectivePolicyOptions {
  readonly documents: Documents;
  readonly clock: Clock;
  readonly log: PolicyLog;
  readonly versions: Versions;
  /** Resolves when no later run can use `ver` or a lower version, and higher ones used elsewhere are remembered. */
  readonly reserve: (ver: number) => Promise<void>;
  /** What has to be revoked so that a URL is, however it is spelt. */
  readonly cover: (of: string) => string;
}

/** One document as it was last read. */
interface Part<T> {
  readonly version: string;
  readonly value: T;
}

/**
 * The policy in force: the operator's, joined with what purges need. Both documents are read again when
 * they change; one that cannot be used is reported once and the last good one stays, so that a slip of
 * the pen does not switch a site on or off. Reading and writing take turns, so that what was read before
 * a purge never replaces what the purge wrote.
 */
export class EffectivePolicy {
  #lookedAt = Number.NEGATIVE_INFINITY;
  #edition = 0;
  #looking: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #sites = new Map<Site, PolicyBody>();

  private constructor(
    private readonly options: EffectivePolicyOptions,
    private operator: Part<OperatorPolicy>,
    private purges: Part<Purges>,
  ) {
    this.#rememberVersions();
  }

  /** Throws `bad-config` when a document cannot be used: there is no last good one to go on with. */
  static async open(options: EffectivePolicyOptions): Promise<EffectivePolicy> {
    const { documents } = options;
    const operator = await firstRead(documents, 'policy', readOperatorPolicy);
    const purges = await firstRead(documents, 'purges', readPurges);
    return new EffectivePolicy(options, operator, purges);
  }

  /** Statements of an earlier epoch are void. */
  get epoch(): number {
    return Math.max(this.operator.value.minEpoch, this.purges.value.epoch);
  }

  get enabled(): boolean {
    return this.operator.value.enabled;
  }

  /** The policy as last read. */
  latest(site: Site): PolicyBody {
    const known = this.#sites.get(site);
    if (known) return known;
    const { enabled, rollout, revoked } = this.operator.value;
    const all = [...revoked, ...revocationsFor(this.purges.value, site)];
    const body = { enabled, rollout, minEpoch: this.epoch, revoked: all };
    this.#sites.set(site, body);
    return body;
  }

  /** Changes with the policy. */
  get edition(): number {
    return this.#edition;
  }

  /** Whether a statement for `site` must not be given out any more. */
  voids(site: Site, statement: Voidable): boolean {
    return isRevoked(this.latest(site), statement);
  }

  /**
   * Reads what has changed, at most once a second. Who comes when it is time waits for it, though not
   * longer than answers may take. Never rejects.
   */
  async refresh(): Promise<void> {
    const { clock } = this.options;
    if (this.#looking || clock.ticks() - this.#lookedAt < LOOK_AGAIN) return;
    this.#lookedAt = clock.ticks();
    this.#looking = this.#lookInTurn().finally(() => {
      this.#looking = undefined;
    });
    await within(clock, PATIENCE, this.#looking, () => undefined);
  }

  /** Voids what was signed until now, here and for visitors; resolves to the epoch from now on. */
  purge(wish: PurgeWish): Promise<number> {
    return this.#inTurn(async () => {
      await this.#carryOut((document) => wished(document, wish, this.epoch));
      return this.epoch;
    });
  }

  /** Resolves when nothing is being read or written. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  async #lookInTurn(): Promise<void> {
    try {
      await this.#inTurn(() => this.#look());
    } catch (error) {
      const reason = reasonOf(error);
      this.options.log.error(
        { reason },
        'policy or purges cannot be read or written; the last good ones stay',
      );
    }
  }

  async #look(): Promise<void> {
    const operator = await this.#readAgain('policy', this.operator, readOperatorPolicy);
    if (operator !== this.operator) this.#adopt(operator, this.purges);
    const purges = await this.#readAgain('purges', this.purges, readPurges);
    try {
      if (this.#isToDo(purges.value)) await this.#carryOut((document) => document);
      else if (purges !== this.purges) this.#adopt(operator, purges);
    } catch (error) {
      // What is ordered is void all the same, and for new statements too, until this succeeds.
      this.#adopt(operator, purges);
      throw error;
    }
  }

  #isToDo(document: Purges): boolean {
    return document.orders.length > 0 || this.#tended(document) !== document;
  }

  /** A version above all that were used until now, here and by other instances, in this run and earlier ones. */
  async #horizon(): Promise<number> {
    const { reserve, versions } = this.options;
    await reserve(versions.next());
    const horizon = versions.next();
    await reserve(horizon);
    return horizon;
  }

  #adopt(operator: Part<OperatorPolicy>, purges: Part<Purges>): void {
    this.#edition++;
    this.operator = operator;
    this.purges = purges;
    this.#sites.clear();
    this.#rememberVersions();
  }

  /** What is signed from now on must not fall under an earlier purge, whatever the clock says. */
  #rememberVersions(): void {
    for (const { before } of this.purges.value.revoked) this.options.versions.remember(before);
  }

  /** Changes the purges, carries out what is ordered then, and leaves out what is over. */
  async #carryOut(change: (document: Purges) => Purges): Promise<void> {
    const { clock, cover, documents } = this.options;
    const execution = { before: await this.#horizon(), at: clock.now(), cover };
    const text = await documents.update('purges', (before) =>
      writePurges(this.#tended(carriedOut(change(readPurges(before)), execution))),
    );
    // Another writer may have followed: the version from before has the text read again.
    this.#adopt(this.operator, { version: this.purges.version, value: readPurges(text) });
  }

  /** Without what is over, and with the epoch in force, which must not fall when a document is lost. */
  #tended(document: Purges): Purges {
    const now = this.options.clock.now();
    const isTended = document.epoch >= this.epoch && !document.revoked.some((purge) => isOver(purge, now));
    if (isTended) return document;
    const revoked = document.revoked.filter((purge) => !isOver(purge, now));
    return { ...document, epoch: Math.max(document.epoch, this.epoch), revoked };
  }

  async #readAgain<T>(name: DocumentName, part: Part<T>, read: (text?: string) => T): Promise<Part<T>> {
    const { documents, log } = this.options;
    const version = await documents.version(name);
    if (version === part.version) return part;
    const text = await documents.read(name);
    try {
      const value = read(text);
      log.info({ name }, 'policy read');
      return { version, value };
    } catch (error) {
      const reason = reasonOf(error);
      log.error({ name, reason }, 'this document cannot be used; the last good one stays');
      return { version, value: part.value };
    }
  }

  #inTurn<T>(job: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(job);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

async function firstRead<T>(
  documents: Documents,
  name: DocumentName,
  read: (text?: string) => T,
): Promise<Part<T>> {
  const version = await documents.version(name);
  try {
    return { version, value: read(await documents.read(name)) };
  } catch (error) {
    throw new PeerfoldError('bad-config', `the document ${name}.json cannot be used: ${reasonOf(error)}`);
  }
}
