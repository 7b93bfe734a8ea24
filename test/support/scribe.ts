import { Archive } from '../../hasher-service/state/archive.js';
import { Keyring } from '../../hasher-service/signing/keys.js';
import { Signer, type About, type Refusal, type Token } from '../../hasher-service/signing/statements.js';
import type { RefusalCode } from '../../hasher-service/judging/refusals.js';
import type { Bytes } from '../../src/core/bytes.js';
import type { ByteLength, CanonicalUrl, Site } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import { hashWhole } from '../../src/core/merkle.js';
import { pieceLengthFor } from '../../src/core/pieces.js';
import { sha256 } from './sha256.js';

export const SITE = 'https://www.example.com' as Site;
export const OTHER_SITE = 'https://other.example' as Site;

/** A log that nobody reads. */
export const quiet = { error: () => undefined, warn: () => undefined, info: () => undefined };

export function urlOf(path: string, site: Site = SITE): CanonicalUrl {
  return new URL(path, site).href as CanonicalUrl;
}

interface Said {
  readonly site?: Site;
  readonly ver?: number;
  /** Seconds from now. */
  readonly life?: number;
}

/** Signs what tests need, as the hash service of a data directory would. */
export class Scribe {
  private constructor(
    private readonly clock: Clock,
    readonly signer: Signer,
  ) {}

  static async open(data: string, clock: Clock): Promise<Scribe> {
    const keyring = await Keyring.open({ data, clock, log: quiet });
    return new Scribe(clock, new Signer(keyring, 'https://hash.example.com'));
  }

  /** The files in `data`, as the service keeps them. */
  archive(data: string, sites: readonly Site[] = [SITE]): Archive {
    return new Archive({ data, sites, signer: this.signer, clock: this.clock, sha256, log: quiet });
  }

  /** A token that says that `path` is `bytes`, and the layer that goes with it. */
  async token(path: string, bytes: Bytes, said: Said = {}): Promise<{ token: Token; layer: Bytes[] }> {
    const len = bytes.byteLength as ByteLength;
    const piece = pieceLengthFor(len);
    const { root, layer } = await hashWhole(sha256, { length: len, piece }, bytes);
    const token = await this.signer.digest(this.#about(path, said), { root, len, piece, hdr: {} });
    if (!token) throw new Error('too long');
    return { token, layer };
  }

  /** The same bytes, said again. */
  async renewed({ claims }: Token, said: Said): Promise<Token> {
    const { root, len, piece, hdr } = claims;
    const token = await this.signer.digest(this.#about(claims.sub, said), { root, len, piece, hdr });
    if (!token) throw new Error('too long');
    return token;
  }

  refusal(path: string, code: RefusalCode, said: Said = {}): Promise<Refusal> {
    return this.signer.refusal(this.#about(path, said), code);
  }

  #about(path: string, { site = SITE, ver, life = 3600 }: Said): About {
    const now = this.clock.now();
    const iat = Math.floor(now / 1000);
    return { site, url: urlOf(path), iat, exp: iat + life, ver: ver ?? now, epoch: 0 };
  }
}
