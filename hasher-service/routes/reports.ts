import type { FastifyInstance } from 'fastify';
import { parseReportRequest, type ReportRequest } from '../../src/protocol/hasher.js';
import { verifyBearerAdmission } from '../../src/verify/statements.js';
import { ApiError } from '../api-error.js';
import { Reports } from '../reports.js';
import { checkSite, parsedBody, type Service } from '../service.js';

export function addReports(app: FastifyInstance, service: Service): void {
  const reports = new Reports(service.config.reportThreshold);
  app.post('/v1/reports', async (request, reply) => {
    const report = parsedBody(request, parseReportRequest);
    checkSite(service, request, report.site);
    const jkt = await reporterOf(service, report);
    await takeReport(service, reports, report, jkt);
    return reply.code(204).send();
  });
}

/** The thumbprint of the visitor to whom the admission was made out. */
async function reporterOf({ keyring, clock }: Service, report: ReportRequest): Promise<string> {
  const checked = await verifyBearerAdmission(report.admission, { keys: keyring.source, clock });
  if (checked.verdict === 'verified' && checked.claims.site === report.site) return checked.claims.jkt;
  throw new ApiError(403, 'bad-admission', 'The admission is not a current one of this hash service.');
}

async function takeReport(
  { catalogue, metrics }: Service,
  reports: Reports,
  { site, url, signed }: ReportRequest,
  jkt: string,
): Promise<void> {
  const statement = await catalogue.known(site, url);
  const isCurrent = statement?.kind === 'digest' && statement.claims.root === signed;
  // Reports about an earlier token say nothing about this one.
  if (!isCurrent) metrics.report('ignored');
  else if (!reports.add(site, url, signed, jkt)) metrics.report('counted');
  else {
    metrics.report('withdrawn');
    await catalogue.withdraw(site, url, 'reported');
  }
}
