import type { FastifyInstance } from 'fastify';
import { parseReportRequest, type ReportRequest } from '../../src/protocol/hasher.js';
import { verifyReceipt } from '../../src/verify/statements.js';
import { ApiError } from '../http/api-error.js';
import { Reports, type Report } from '../reports.js';
import { checkSite, parsedBody, type Service } from '../service.js';

export function addReports(app: FastifyInstance, service: Service): void {
  const { authority, clock, config, lookup } = service;
  const reports = new Reports(config.reportThreshold, clock);
  app.post('/v1/reports', async (request, reply) => {
    const asked = parsedBody(request, parseReportRequest);
    checkSite(service, request, asked.site);
    await authority.refresh();
    const jkt = await reporterOf(service, asked);
    const wait = reports.take(request.ip);
    if (wait > 0)
      throw new ApiError(429, 'rate', 'Too many reports from this address.', Math.ceil(wait / 1000));
    await takeReport(service, reports, { ...asked, url: lookup.baseOf(asked.url), jkt });
    return reply.code(204).send();
  });
}

/** The thumbprint of the visitor to whom the receipt was made out. */
async function reporterOf({ keyring, clock }: Service, { receipt, site }: ReportRequest): Promise<string> {
  const checked = await verifyReceipt(receipt, site, { keys: keyring, clock });
  if (checked.verdict === 'verified') return checked.claims.jkt;
  const message = 'The receipt is not a current one of this hash service for this site.';
  throw new ApiError(403, 'bad-receipt', message);
}

async function takeReport({ catalogue, metrics }: Service, reports: Reports, report: Report): Promise<void> {
  const { site, url, signed } = report;
  const statement = await catalogue.known(site, url);
  const isCurrent = statement?.kind === 'digest' && statement.claims.root === signed;
  // Reports about an earlier token say nothing about this one.
  if (!isCurrent) metrics.report('ignored');
  else if (!reports.add(report)) metrics.report('counted');
  else {
    metrics.report('withdrawn');
    if (reports.mayReview(site, url)) await catalogue.review(site, url, signed);
    else await catalogue.withdraw(site, url, 'reported');
  }
}
