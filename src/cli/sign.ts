import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  disableSite,
  isFailure,
  sentenceFor,
  signOptions,
  signSite,
  type SigningReport,
  type Skipped,
} from '../../hasher-service/index.js';
import { configured } from './command.js';
import { columns } from './help.js';
import { missingIn, WORKER_FILE, workerText } from './init-literal.js';
import { ourWorker } from './init-survey.js';

const schema = signOptions.extend({
  disable: z.boolean().default(false).describe('publish that nothing is shared, and sign nothing'),
  verbose: z.boolean().default(false).describe('name every file'),
});

export const sign = configured({
  name: 'peerfold sign',
  summary: 'Signs the files of a static site, so that its visitors share them without a hash service.',
  schema,
  naming: { prefix: 'PEERFOLD_SIGN' },
  operand: 'DIRECTORY',
  async act({ disable, verbose, ...options }, io, directory) {
    if (disable) {
      await disableSite({ ...options, directory });
      io.out('sharing is switched off: visitors follow within five minutes of its publication');
      return 0;
    }
    const report = await signSite({ ...options, directory });
    io.out(`${told(report, verbose)}\n\n${await aboutWorker(report, directory, options.base)}`);
    const failures = report.skipped.filter(isFailure);
    for (const failure of failures) io.err(`peerfold: ${inWords(failure)}`);
    return failures.length === 0 ? 0 : 1;
  },
});

function told(report: SigningReport, isVerbose: boolean): string {
  const { signed, kept, removed, skipped, voided, validUntil } = report;
  const names = [
    ...signed.map((name) => `${name}: signed`),
    ...kept.map((name) => `${name}: kept`),
    ...skipped.map(inWords),
  ];
  return [
    ...(isVerbose ? names : []),
    `signed ${signed.length}, kept ${kept.length}, removed ${removed}, skipped ${skipped.length}`,
    ...(skipped.length > 0 ? [columns(reasons(skipped))] : []),
    ...(voided ? ['visitors drop what was signed before within five minutes of its publication'] : []),
    `sign again before ${new Date(validUntil).toISOString()}`,
  ].join('\n');
}

/** How often each reason was met, the most frequent first. */
function reasons(skipped: readonly Skipped[]): [string, string][] {
  const counts = new Map<string, number>();
  for (const { why } of skipped) counts.set(sentenceFor(why), (counts.get(sentenceFor(why)) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.map(([sentence, count]) => [String(count), sentence]);
}

function inWords({ name, why }: Skipped): string {
  return `${name} ${sentenceFor(why)}`;
}

/** The site's worker file, as far as it can be known here; where it is there already, what is missing in it. */
async function aboutWorker(
  { address, include }: SigningReport,
  directory: string,
  base: string,
): Promise<string> {
  const file = await ourWorker(directory).catch(() => undefined);
  if (file !== undefined) {
    const path = join(directory, file);
    const missing = missingIn(await readFile(path, 'utf8').catch(() => ''), {
      hasher: address,
      static: true,
    });
    if (missing.length > 0) return `${path} is there already, but must say ${missing.join(', ')}`;
    return `${path} is there already${address === undefined ? '' : ', and fits what was signed'}`;
  }
  const literal = {
    hasher: address ?? 'https://ADDRESS-OF-THE-OUTPUT',
    tracker: 'wss://ADDRESS-OF-THE-TRACKER',
    include,
    static: true,
  };
  return `${WORKER_FILE}:\n${workerText(literal, base).trimEnd()}`;
}
