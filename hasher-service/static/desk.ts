import { join, relative, sep } from 'node:path';
import type { Site } from '../../src/core/brands.js';
import type { Sha256 } from '../../src/core/bytes.js';
import type { Clock } from '../../src/core/clock.js';
import { PeerfoldError, reasonOf } from '../../src/core/errors.js';
import { CLOCK_TOLERANCE } from '../../src/core/limits.js';
import type { PolicyClaims } from '../../src/protocol/hasher.js';
import { readOperatorPolicy, type OperatorPolicy } from '../policy/operator-policy.js';
import { Keyring } from '../signing/keys.js';
import { Signer, type About } from '../signing/statements.js';
import { documentsOf } from '../state/documents-of.js';
import type { SignConfig } from './config.js';
import { escapedPath, isWithin } from '../sources/paths.js';
import { placesOf, type Places } from './places.js';
import { Publication } from './publication.js';
import { hashedName } from '../state/names.js';
import { readRecord, writeRecord, type SigningRecord } from './record.js';
import type { Surveyed } from './survey.js';

export interface DeskEnvironment {
  readonly clock: Clock;
  readonly sha256: Sha256;
}

interface Parts {
  readonly config: SignConfig;
  readonly now: number;
  readonly places: Places;
  readonly keyring: Keyring;
  readonly operator: OperatorPolicy;
  readonly publication: Publication;
  readonly signer: Signer;
  /** What the last run did, as far as that is known. */
  readonly before: SigningRecord | undefined;
  readonly published: PolicyClaims | undefined;
}

const SILENT = { info: (): void => undefined, error: (): void => undefined };

/**
 * What one run needs to sign for a site, all at one moment: keys, the operator's policy, what was
 * signed before, and the version and times that everything signed now bears.
 */
export class SigningDesk {
  /** Above all that was given before, also when the clock was set back (ms). */
  readonly ver: number;

  private constructor(private readonly parts: Parts) {
    const { before, published, now } = parts;
    this.ver = Math.max(now, (before?.ver ?? 0) + 1, (published?.ver ?? 0) + 1);
  }

  /** Throws `bad-config` for what cannot be used, before anything is written. */
  static async open(config: SignConfig, { clock, sha256 }: DeskEnvironment): Promise<SigningDesk> {
    const { data, site, directory } = config;
    const places = await placesOf({ directory, data, out: config.out ?? join(directory, '.peerfold') });
    const operator = await operatorPolicy(config, clock);
    const keyring = await Keyring.open({ data, clock, log: SILENT });
    const signer = new Signer(keyring, addressOf(places, config) ?? site);
    const publication = new Publication({ out: places.out, site, signer, sha256 });
    const published = await publication.policy();
    const before = await readRecord(data, site);
    await publication.tidy();
    const now = Math.floor(clock.now());
    return new SigningDesk({
      config,
      now,
      places,
      keyring,
      operator,
      publication,
      signer,
      before,
      published,
    });
  }

  get places(): Places {
    return this.parts.places;
  }

  get site(): Site {
    return this.parts.config.site;
  }

  get publication(): Publication {
    return this.parts.publication;
  }

  get signer(): Signer {
    return this.parts.signer;
  }

  /** The key that signs. */
  get kid(): string {
    return this.parts.keyring.active.kid;
  }

  /** What the worker's literal names as hash service; `undefined` when it is served from elsewhere. */
  get address(): string | undefined {
    return addressOf(this.places, this.parts.config);
  }

  /** When what is signed now begins and ends (s since 1970). */
  get times(): Pick<About, 'iat' | 'exp'> {
    const iat = Math.floor(this.parts.now / 1000);
    return { iat, exp: iat + this.parts.config.life };
  }

  /**
   * Whether visitors may hold statements that are not true any more: a file changed or went, or nobody
   * knows, because the record of the last run is lost or another run's. Without `files` only the latter.
   */
  outdated(files?: readonly Surveyed[]): boolean {
    const { before, published } = this.parts;
    if (!before || (published && published.minEpoch !== before.epoch)) return true;
    if (!files) return false;
    const roots = new Map(files.map(({ url, body }) => [hashedName(url), body.root]));
    const { iat } = this.times;
    return Object.entries(before.signed).some(
      ([name, { root, until }]) => until + CLOCK_TOLERANCE > iat && roots.get(name) !== root,
    );
  }

  /** The epoch of what is signed now: a new one voids all that was signed before. It never falls. */
  epoch(isNew: boolean): number {
    const { before, published, operator } = this.parts;
    const known = Math.max(before?.epoch ?? 0, published?.minEpoch ?? 0, operator.minEpoch);
    return isNew ? Math.max(known + 1, this.times.iat) : known;
  }

  /** Publishes keys and policy, by which visitors judge all else. */
  async proclaim(epoch: number, isEnabled: boolean): Promise<void> {
    const { config, keyring, now, operator, publication, signer } = this.parts;
    await publication.writeKeys(keyring.published);
    const { rollout, revoked } = operator;
    const body = { enabled: operator.enabled && isEnabled, minEpoch: epoch, rollout, revoked };
    const times = { now, ver: this.ver, life: config.life };
    await publication.writePolicy(await signer.policy(config.site, body, times));
  }

  /** Keeps what is signed from now on; earlier statements about the same bytes may be good for longer. */
  async record(epoch: number, isNew: boolean, files?: readonly Surveyed[]): Promise<void> {
    const { before, config } = this.parts;
    const earlier = isNew ? {} : (before?.signed ?? {});
    const { exp } = this.times;
    const signed = files?.map(({ url, body: { root } }) => {
      const name = hashedName(url);
      return [name, { root, until: Math.max(exp, earlier[name]?.until ?? 0) }] as const;
    });
    const { site, data } = config;
    await writeRecord(data, {
      site,
      epoch,
      ver: this.ver,
      signed: signed ? Object.fromEntries(signed) : earlier,
    });
  }
}

function addressOf({ directory, out }: Places, { site, base }: SignConfig): string | undefined {
  if (!isWithin(out, directory)) return undefined;
  const path = site + base + escapedPath(relative(directory, out).split(sep));
  return path.replace(/\/+$/, '');
}

async function operatorPolicy(config: SignConfig, clock: Clock): Promise<OperatorPolicy> {
  try {
    return readOperatorPolicy(await documentsOf(config, clock).read('policy'));
  } catch (error) {
    const path = join(config.data, 'policy.json');
    throw new PeerfoldError('bad-config', `${path} cannot be used: ${reasonOf(error)}`);
  }
}
