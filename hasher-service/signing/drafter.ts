import type { CanonicalUrl, Site } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import { MAX_TOKEN_LIFE } from '../../src/core/limits.js';
import type { DigestClaims } from '../../src/protocol/hasher.js';
import type { Finding } from '../sources/examine.js';
import type { PolicyFile } from '../policy/policy-file.js';
import { lifeOf, type RefusalCode } from '../judging/refusals.js';
import type { About, DigestBody, Refusal, Signer, Statement } from './statements.js';

export interface DrafterOptions {
  readonly clock: Clock;
  readonly policy: PolicyFile;
  readonly signer: Signer;
}

/** What a statement will be about, fixed before it is known what it says. */
export type Subject = Pick<About, 'site' | 'url' | 'ver' | 'epoch'>;

/** Turns findings into statements: decides ends, epochs and versions. */
export class Drafter {
  #highestVer = 0;

  constructor(private readonly options: DrafterOptions) {}

  /**
   * Fixes version and epoch before the origin is asked: what is fetched before a purge must not pass
   * as fetched after it. The version is the time in ms, or one more than anything said before: clocks
   * may be set back, `ver` never falls.
   */
  begin(site: Site, url: CanonicalUrl, before?: Statement): Subject {
    const said = Math.max(this.#highestVer, before?.claims.ver ?? 0);
    this.#highestVer = Math.max(Math.floor(this.options.clock.now()), said + 1);
    return { site, url, ver: this.#highestVer, epoch: this.options.policy.latest.minEpoch };
  }

  /** Takes a statement of an earlier run into account. */
  remember({ claims }: Statement): void {
    this.#highestVer = Math.max(this.#highestVer, claims.ver);
  }

  /** What a look at the origin leads to; `known` is what an unchanged file was before. */
  async conclude(subject: Subject, finding: Finding, known?: DigestClaims): Promise<Statement> {
    if (finding.kind === 'refused') return this.refusal(subject, finding.code);
    const about = this.#about(subject, Math.floor(finding.freshUntil / 1000));
    if (about.exp <= about.iat) return this.refusal(subject, 'stale');
    const token = await this.options.signer.digest(about, bodyOf(finding, known));
    return token ?? this.refusal(subject, 'headers-too-long');
  }

  refusal(subject: Subject, code: RefusalCode): Promise<Refusal> {
    const end = Math.floor(this.options.clock.now() / 1000) + lifeOf(code);
    return this.options.signer.refusal(this.#about(subject, end), code);
  }

  #about(subject: Subject, end: number): About {
    const iat = Math.floor(this.options.clock.now() / 1000);
    return { ...subject, iat, exp: Math.min(end, iat + MAX_TOKEN_LIFE) };
  }
}

function bodyOf(finding: Exclude<Finding, { kind: 'refused' }>, known?: DigestClaims): DigestBody {
  if (finding.kind === 'digest') {
    const { cut, root } = finding.hashed;
    return { root, len: cut.length, piece: cut.piece, hdr: finding.hdr };
  }
  if (!known) throw new Error('unchanged since nothing');
  return { root: known.root, len: known.len, piece: known.piece, hdr: finding.hdr };
}
