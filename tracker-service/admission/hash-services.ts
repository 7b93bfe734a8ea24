import type { RootPrefix, Site } from '../../src/core/brands.js';
import { reasonOf } from '../../src/core/errors.js';
import type { RootsResponse } from '../../src/protocol/hasher.js';
import { notAdmitted, type AdmissionDesk, type AdmissionVerdict, type Applicant } from './admission.js';
import type { TrackerReport } from '../../src/protocol/figures.js';
import type { ReportTaker, RootsAuthority } from './hasher-client.js';

/** One hash service, as the tracker uses it. */
export interface Service {
  /** Its only site; `undefined`: all that no other service is for. */
  readonly site: Site | undefined;
  readonly desk: AdmissionDesk;
  readonly roots: RootsAuthority;
  readonly reports: ReportTaker;
  /** Rejects when its keys cannot be had, or it does not take our token. */
  readonly ready: () => Promise<unknown>;
  /** What looks wrong, and may be somebody's invention. */
  readonly doubt: () => string | undefined;
  /** From now on trouble is looked for. */
  readonly start: () => void;
  readonly close: () => void;
}

/** Several hash services, each for its site: who is admitted and what is live, that one says. */
export class HashServices implements AdmissionDesk, RootsAuthority, ReportTaker {
  constructor(private readonly services: readonly Service[]) {}

  get size(): number {
    return this.services.length;
  }

  admit(applicant: Applicant, origin: string | undefined): Promise<AdmissionVerdict> {
    const service = this.#serviceFor(applicant.site);
    if (service) return service.desk.admit(applicant, origin);
    return Promise.resolve(notAdmitted('this tracker serves other sites'));
  }

  liveRoots(site: Site, roots: readonly RootPrefix[]): Promise<RootsResponse['live']> {
    return this.#serviceFor(site)?.roots.liveRoots(site, roots) ?? Promise.resolve([]);
  }

  report(report: TrackerReport): Promise<void> {
    return this.#serviceFor(report.site)?.reports.report(report) ?? Promise.resolve();
  }

  /** Resolves with what is wrong with some of them; rejects when none can be used. */
  async faults(): Promise<string[]> {
    const states = await Promise.allSettled(this.services.map(({ ready }) => ready()));
    const failures = states.flatMap((state) => (state.status === 'rejected' ? [state] : []));
    const [first] = failures;
    if (first && failures.length === states.length) throw first.reason;
    const some = `${failures.length} of ${this.size} hash services cannot be used`;
    return [
      ...(first ? [`${some}: ${reasonOf(first.reason)}`] : []),
      ...this.services.flatMap(({ doubt }) => doubt() ?? []),
    ];
  }

  start(): void {
    for (const service of this.services) service.start();
  }

  close(): void {
    for (const service of this.services) service.close();
  }

  #serviceFor(site: Site): Service | undefined {
    const own = this.services.find((service) => service.site === site);
    return own ?? this.services.find((service) => service.site === undefined);
  }
}
