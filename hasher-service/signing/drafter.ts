import type { CanonicalUrl, Site } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import type { DigestClaims } from '../../src/protocol/hasher.js';
import type { Finding } from '../sources/examine.js';
import type { EffectivePolicy } from '../policy/effective-policy.js';
import { lifeOf, type RefusalCode } from '../judging/refusals.js';
import { LONGEST_LOOK, TOKEN_LIFE } from './lives.js';
import type { About, DigestBody, Refusal, Signer, Statement } from './statements.js';
import type { Versions } from './versions.js';

export interface DrafterOptions {
  readonly clock: Clock;
  readonly policy: Pick<EffectivePolicy, 'epoch'>;
  readonly signer: Signer;
  readonly versions: Versions;
  /** Whether what is behind a URL exists for seconds only. */
  readonly isLive: (url: CanonicalUrl) => boolean;
}

/** What a statement will be about, fixed before it is known what it says. */
export interface Subject extends Pick<About, 'site' | 'url' | 'ver' | 'epoch'> {
  /** When the look began (clock's `ticks`). */
  readonly begun: number;
}

/** Turns findings into statements: decides ends, epochs and versions. */
export class Drafter {
  constructor(private readonly options: DrafterOptions) {}

  /**
   * Fixes version and epoch before the origin is asked: what is fetched before a purge must not pass
   * as fetched after it.
   */
  begin(site: Site, url: CanonicalUrl, before?: Statement): Subject {
    const { clock, policy, versions } = this.options;
    return { site, url, ver: versions.next(before?.claims.ver), epoch: policy.epoch, begun: clock.ticks() };
  }

  /** What a look at the origin leads to; `known` is what an unchanged file was before. */
  async conclude(subject: Subject, finding: Finding, known?: DigestClaims): Promise<Statement> {
    if (finding.kind === 'refused') return this.refusal(subject, finding.code);
    const took = this.options.clock.ticks() - subject.begun;
    if (took > LONGEST_LOOK * 1000) return this.refusal(subject, 'origin-slow');
    const about = this.#about(subject, Math.floor(finding.freshUntil / 1000));
    if (about.exp <= about.iat) return this.refusal(subject, 'stale');
    const token = await this.options.signer.digest(about, bodyOf(finding, known));
    return token ?? this.refusal(subject, 'headers-too-long');
  }

  refusal(subject: Subject, code: RefusalCode): Promise<Refusal> {
    const { clock, isLive } = this.options;
    const end = Math.floor(clock.now() / 1000) + lifeOf(code, isLive(subject.url));
    return this.options.signer.refusal(this.#about(subject, end), code);
  }

  #about({ site, url, ver, epoch }: Subject, end: number): About {
    const iat = Math.floor(this.options.clock.now() / 1000);
    return { site, url, ver, epoch, iat, exp: Math.min(end, iat + TOKEN_LIFE) };
  }
}

function bodyOf(finding: Exclude<Finding, { kind: 'refused' }>, known?: DigestClaims): DigestBody {
  if (finding.kind === 'digest') {
    const { cut, root, duration } = finding.hashed;
    return { root, len: cut.length, piece: cut.piece, hdr: finding.hdr, ...durationOf(duration) };
  }
  if (!known) throw new Error('unchanged since nothing');
  const { root, len, piece, dur } = known;
  return { root, len, piece, hdr: finding.hdr, ...durationOf(dur) };
}

function durationOf(dur: number | undefined): { dur?: number } {
  return dur === undefined ? {} : { dur };
}
