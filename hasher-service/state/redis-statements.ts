import type { CanonicalUrl, Site } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import { MAX_TOKEN_LENGTH } from '../../src/core/limits.js';
import { isKept } from '../judging/refusals.js';
import type { Signer, Statement } from '../signing/statements.js';
import { channels, keys, nameOf } from './redis-keys.js';
import type { RedisLayers } from './redis-layers.js';
import type { RedisLink } from './redis-link.js';
import { DROP, SAY } from './redis-scripts.js';
import type { RedisVersions } from './redis-versions.js';

export interface RedisStatementsOptions {
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly signer: Pick<Signer, 'reopen'>;
  readonly layers: RedisLayers;
  readonly versions: RedisVersions;
  readonly log: RedisStateLog;
  /** Leads our own messages, so that we need not read them. */
  readonly owner: string;
  /** Told what a statement was about that had to be removed, when that can be told. */
  readonly onLost: (site: Site, url: CanonicalUrl) => void;
}

export interface RedisStateLog {
  warn(details: object, message: string): void;
}

/** What became of an attempt to say something. */
export type Outcome =
  | { readonly kind: 'said' | 'away' | 'no-layer' }
  /** This has a higher version. */
  | { readonly kind: 'beaten'; readonly by: string };

/** A version, a blank, a token. */
const MAX_VALUE = 17 + MAX_TOKEN_LENGTH;
/** Tokens are kept this long after their end (s), because an unchanged file then needs no new fetch. */
const KEEP_EXPIRED = 24 * 3600;
/** Longer than any token lives (ms): what has not changed since is over. */
const CHANGE_LIFE = 25 * 3600_000;
/** Names read at a time; a statement each. */
const PAGE = 200;
/** Redis's clock may be set back by so much (ms) without a change being missed. */
const OVERLAP = 60_000;

const NAME_SHAPE = /^[0-9a-f]{64}$/;

/** Statements in Redis, each under the hash of site and URL, as `<ver> <jws>`. */
export class RedisStatements {
  /** Up to here (ms, Redis's clock) changes were read. */
  #seen = 0;

  constructor(private readonly options: RedisStatementsOptions) {}

  async read(name: string): Promise<Statement | undefined> {
    const answer = await this.options.link.attempt((client) =>
      client.getRange(keys.statement(name), 0, MAX_VALUE),
    );
    return answer && this.open(name, answer.reply ?? '');
  }

  /** The statement in a value, if it is one of ours, filed where it belongs, its layer there. */
  async open(name: string, value: string): Promise<Statement | undefined> {
    const statement = await this.#genuine(name, value);
    if (statement?.kind !== 'digest' || (await this.options.layers.has(statement.claims.root)))
      return statement;
    this.options.onLost(statement.claims.aud, statement.claims.sub);
    return this.#drop(name, value, 'its layer is gone');
  }

  /** Keeps a statement and tells all instances, unless one with a higher version is kept. */
  async say(statement: Statement): Promise<Outcome> {
    const { link, owner, versions } = this.options;
    const name = nameIn(statement);
    const life = String(this.#lifeOf(statement));
    const root = statement.kind === 'digest' ? statement.claims.root : undefined;
    const answer = await link.run(
      SAY,
      [keys.statement(name), root ? keys.layer(root) : keys.changes, keys.changes, keys.high],
      [
        ...[String(statement.claims.ver), valueOf(statement), life, name, root ? life : ''],
        ...[channels.said, `${owner} ${statement.jws}`, isListed(statement) ? String(CHANGE_LIFE) : ''],
        ...versions.limits(),
      ],
    );
    if (!answer) return { kind: 'away' };
    const [by = ''] = answer;
    if (by === '') return { kind: 'said' };
    return by === 'no-layer' ? { kind: 'no-layer' } : { kind: 'beaten', by };
  }

  /**
   * Reads what was kept since the last time, or everything that is live; resolves to whether it could. That
   * the layers are there is seen when they are asked for.
   */
  async catchUp(learn: (statement: Statement) => void, signal: AbortSignal): Promise<boolean> {
    for (let from = this.#seen - OVERLAP; !signal.aborted;) {
      const page = await this.#pageFrom(from);
      const statements = page && (await this.#readAll(page.map(({ value }) => value)));
      if (!statements) return false;
      statements.forEach(learn);
      const last = page.at(-1)?.score ?? from;
      this.#seen = Math.max(this.#seen, last);
      if (page.length < PAGE || last === from) return true;
      from = last;
    }
    return false;
  }

  /** Removes what is over from the list of changes. */
  async tidy(): Promise<void> {
    const end = this.#seen - CHANGE_LIFE;
    await this.options.link.attempt((client) => client.zRemRangeByScore(keys.changes, '-inf', end));
  }

  async #pageFrom(from: number) {
    const answer = await this.options.link.attempt((client) =>
      client.zRangeWithScores(keys.changes, from, '+inf', {
        BY: 'SCORE',
        LIMIT: { offset: 0, count: PAGE },
      }),
    );
    return answer?.reply;
  }

  async #readAll(listed: readonly string[]): Promise<Statement[] | undefined> {
    const names = listed.filter((name) => NAME_SHAPE.test(name));
    if (names.length === 0) return [];
    const answer = await this.options.link.attempt((client) => client.mGet(names.map(keys.statement)));
    if (!answer) return undefined;
    const found = await Promise.all(names.map((name, i) => this.#genuine(name, answer.reply[i] ?? '')));
    return found.filter((statement) => statement !== undefined);
  }

  async #genuine(name: string, value: string): Promise<Statement | undefined> {
    if (value === '') return undefined;
    const statement = await this.options.signer.reopen(value.slice(value.indexOf(' ') + 1));
    if (statement && value === valueOf(statement) && nameIn(statement) === name) return statement;
    return this.#drop(
      name,
      value,
      'it is no statement of ours about this URL; do all instances have the same keys?',
    );
  }

  #lifeOf({ kind, claims }: Statement): number {
    const left = claims.exp - this.options.clock.now() / 1000 + (kind === 'digest' ? KEEP_EXPIRED : 0);
    return Math.max(1000, Math.ceil(left * 1000));
  }

  async #drop(name: string, value: string, reason: string): Promise<undefined> {
    const key = keys.statement(name);
    this.options.log.warn({ key, reason }, 'removed from Redis what cannot be used');
    await this.options.link.run(DROP, [key], [value]);
    return undefined;
  }
}

export function nameIn({ claims: { aud, sub } }: Statement): string {
  return nameOf(aud, sub);
}

function valueOf({ jws, claims }: Statement): string {
  return `${claims.ver} ${jws}`;
}

/** Short refusals are over before anybody catches up, and strangers can cause any number of them. */
function isListed(statement: Statement): boolean {
  return statement.kind === 'digest' || isKept(statement.claims.code);
}
