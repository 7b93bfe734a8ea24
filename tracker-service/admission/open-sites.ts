import type { RootPrefix, Site } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import type { RootsResponse } from '../../src/protocol/hasher.js';
import {
  notAdmitted,
  wrongSite,
  type AdmissionDesk,
  type AdmissionVerdict,
  type Applicant,
} from './admission.js';
import type { RootsAuthority } from './hasher-client.js';

/** How long a root counts after it was last announced or wanted (s): roots in use are asked about every 4 minutes. */
const VOUCHED_FOR = 600;
/** Live roots of one open site: visitors can make up any, and each takes memory. */
export const MAX_OPEN_ROOTS = 200_000;

/**
 * Admission where some sites are open. Nobody signs admissions for an open site: every page that a
 * browser says is of it is admitted. What is no browser can say the same, and is held by the limits.
 */
export class OpenDoorDesk implements AdmissionDesk {
  /** `others` decides about all other sites; without it there are none. */
  constructor(
    private readonly openSites: ReadonlySet<Site>,
    private readonly others: AdmissionDesk | undefined,
  ) {}

  admit(applicant: Applicant, origin: string | undefined): Promise<AdmissionVerdict> {
    if (this.openSites.has(applicant.site)) return Promise.resolve(byOrigin(applicant, origin));
    if (this.others) return this.others.admit(applicant, origin);
    return Promise.resolve(notAdmitted('this tracker serves other sites'));
  }
}

/** Live roots where some sites are open: of those any root is, up to a bound. */
export class OpenRoots implements RootsAuthority {
  /** By site: until when (s since 1970) each root counts, the ones that lapse first in front. */
  readonly #live = new Map<Site, Map<RootPrefix, number>>();

  constructor(
    private readonly openSites: ReadonlySet<Site>,
    private readonly others: RootsAuthority | undefined,
    private readonly clock: Clock,
  ) {}

  liveRoots(site: Site, roots: readonly RootPrefix[]): Promise<RootsResponse['live']> {
    if (this.openSites.has(site)) return Promise.resolve(this.#vouch(site, roots));
    return this.others?.liveRoots(site, roots) ?? Promise.resolve([]);
  }

  #vouch(site: Site, roots: readonly RootPrefix[]): RootsResponse['live'] {
    const live = this.#live.get(site) ?? new Map<RootPrefix, number>();
    this.#live.set(site, live);
    const now = Math.floor(this.clock.now() / 1000);
    for (const [root, until] of live) {
      if (until > now) break;
      live.delete(root);
    }
    return roots.flatMap((root) => {
      if (live.size >= MAX_OPEN_ROOTS && !live.has(root)) return [];
      live.delete(root);
      live.set(root, now + VOUCHED_FOR);
      return [{ root, until: now + VOUCHED_FOR }];
    });
  }
}

function byOrigin({ site }: Applicant, origin: string | undefined): AdmissionVerdict {
  if (origin !== site) return wrongSite('the page is not of this site');
  return { until: Number.POSITIVE_INFINITY };
}
