import type { Site } from '../../src/core/brands.js';
import { reasonOf } from '../../src/core/errors.js';
import type { Hello } from '../../src/protocol/tracker.js';
import { verifyAdmission, type Verification } from '../../src/verify/statements.js';
import { CLOCK_TOLERANCE } from '../../src/core/limits.js';
import type { Refusal } from '../core/refusal.js';

/** A right to stay until `until` (wall clock, ms; may be infinite), or why there is none. */
export type AdmissionVerdict = { readonly until: number } | Refusal;

/** Who asks to be admitted. */
export type Applicant = Pick<Hello, 'site' | 'key' | 'admission'>;

/** Decides who may use the tracker. `origin` is the browser's `Origin` header, absent outside browsers. */
export interface AdmissionDesk {
  admit(applicant: Applicant, origin: string | undefined): Promise<AdmissionVerdict>;
}

/** When keys cannot be had, come back after a while (ms): about the time in which a service restarts. */
const RETRY_WITHOUT_KEYS = 5_000;

/** Admission by the site's hash service: a signed statement for this key and this site. */
export class SignedAdmission implements AdmissionDesk {
  constructor(
    private readonly using: Verification,
    private readonly failed: (error: unknown) => void,
    /** Somebody has an admission with a signature of somebody else: another hash service, or anybody. */
    private readonly foreign: (site: Site) => void,
  ) {}

  async admit(applicant: Applicant, origin: string | undefined): Promise<AdmissionVerdict> {
    if (origin !== undefined && origin !== applicant.site) return wrongSite('the page is not of this site');
    if (applicant.admission === undefined) return notAdmitted('an admission of the hash service is needed');
    try {
      const checked = await verifyAdmission(applicant.admission, applicant.key, this.using);
      if (checked.verdict === 'unsigned') this.foreign(applicant.site);
      if (checked.verdict !== 'verified') return notAdmitted(`admission ${checked.verdict}`);
      if (checked.claims.site !== applicant.site) return wrongSite('the admission is for another site');
      return { until: (checked.claims.exp + CLOCK_TOLERANCE) * 1000 };
    } catch (error) {
      this.failed(error);
      return keysMissing(reasonOf(error));
    }
  }
}

export function wrongSite(message: string): Refusal {
  return { code: 'wrong-site', message, end: 'wrong-site' };
}

export function notAdmitted(message: string): Refusal {
  return { code: 'bad-admission', message, end: 'not-admitted' };
}

function keysMissing(reason: string): Refusal {
  const message = `admissions cannot be checked now: ${reason}`.slice(0, 200);
  return { code: 'full', message, retry: RETRY_WITHOUT_KEYS, end: 'try-later' };
}
