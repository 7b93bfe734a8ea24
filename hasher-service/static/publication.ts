import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { concat, type Bytes, type Sha256 } from '../../src/core/bytes.js';
import { isRoot, type CanonicalUrl, type Root, type Site } from '../../src/core/brands.js';
import { PeerfoldError } from '../../src/core/errors.js';
import { MAX_POLICY_LENGTH, MAX_TOKEN_LENGTH } from '../../src/core/limits.js';
import type { Cut } from '../../src/core/pieces.js';
import { POLICY_TYPE, isPolicyClaims, type PolicyClaims } from '../../src/protocol/hasher.js';
import { claimsOf, parseJws } from '../../src/verify/jws.js';
import type { Signer, Token } from '../signing/statements.js';
import {
  namesIn,
  readBounded,
  readIfThere,
  removeUnfinished,
  writeUnsynced,
  writeWhole,
} from '../state/files.js';
import { isLayerOf } from '../state/layer-check.js';
import { hashedName } from '../state/names.js';

export interface PublicationOptions {
  readonly out: string;
  readonly site: Site;
  readonly signer: Pick<Signer, 'reopen'>;
  readonly sha256: Sha256;
}

const STATEMENT_NAME = /^[0-9a-f]{64}$/;

/**
 * The directory that a web server serves in the place of a hash service, at the same paths below it.
 * Every file is replaced at once or not at all; what has not changed is not written.
 */
export class Publication {
  readonly #statements: string;
  readonly #layers: string;
  readonly #policy: string;
  readonly #keys: string;

  constructor(private readonly options: PublicationOptions) {
    const { out } = options;
    this.#statements = join(out, 'v1', 'd');
    this.#layers = join(out, 'v1', 'layers');
    this.#policy = join(out, 'v1', 'policy');
    this.#keys = join(out, 'v1', 'jwks.json');
  }

  /** Clears away what a killed run left; comes before anything is written. */
  async tidy(): Promise<void> {
    const { out } = this.options;
    for (const directory of [this.#statements, this.#layers, join(out, 'v1')])
      await removeUnfinished(directory);
  }

  /**
   * What the policy that lies there says, whoever signed it: it is only ever outdone. Throws
   * `bad-config` when it is another site's.
   */
  async policy(): Promise<PolicyClaims | undefined> {
    const jws = parseJws((await textAt(this.#policy, MAX_POLICY_LENGTH)) ?? '');
    const claims = jws?.typ === POLICY_TYPE ? claimsOf(jws) : undefined;
    if (!isPolicyClaims(claims)) return undefined;
    const { out, site } = this.options;
    if (claims.aud === site) return claims;
    throw new PeerfoldError(
      'bad-config',
      `${out} holds what was signed for ${claims.aud}; delete it, or choose another --out`,
    );
  }

  /** The token that lies there for `url`, if it is ours. */
  async token(url: CanonicalUrl): Promise<Token | undefined> {
    const text = await textAt(join(this.#statements, hashedName(url)), MAX_TOKEN_LENGTH);
    const statement = text === undefined ? undefined : await this.options.signer.reopen(text);
    return statement?.kind === 'digest' && statement.claims.sub === url ? statement : undefined;
  }

  async writeToken({ jws, claims }: Token): Promise<void> {
    await writeUnsynced(join(this.#statements, hashedName(claims.sub)), jws);
  }

  async writeLayer(root: Root, cut: Cut, layer: readonly Bytes[]): Promise<void> {
    const path = join(this.#layers, root);
    const bytes = concat(layer);
    const there = await readBounded(path, bytes.byteLength);
    if (there && (await isLayerOf(this.options.sha256, root, there, cut))) return;
    await writeUnsynced(path, bytes);
  }

  async writeKeys(keys: readonly JWK[]): Promise<void> {
    const text = JSON.stringify({ keys });
    if ((await readIfThere(this.#keys))?.toString('utf8') !== text) await writeWhole(this.#keys, text);
  }

  async writePolicy(jws: string): Promise<void> {
    await writeWhole(this.#policy, jws);
  }

  /** Removes statements and layers other than these; resolves to how many statements went. */
  async removeOthers(statements: ReadonlySet<string>, layers: ReadonlySet<string>): Promise<number> {
    await removeFrom(this.#layers, (name) => isRoot(name) && !layers.has(name));
    return removeFrom(this.#statements, (name) => STATEMENT_NAME.test(name) && !statements.has(name));
  }
}

/** Files that people put there for themselves are none of our business: `isOurs` tells by the name. */
async function removeFrom(directory: string, isOurs: (name: string) => boolean): Promise<number> {
  let count = 0;
  for (const name of await namesIn(directory)) {
    if (!isOurs(name)) continue;
    await rm(join(directory, name), { force: true, recursive: true });
    count++;
  }
  return count;
}

async function textAt(path: string, most: number): Promise<string | undefined> {
  const bytes = await readBounded(path, most);
  return bytes && bytes.byteLength <= most ? bytes.toString('latin1').trim() : undefined;
}
