import { z } from 'zod';
import { systemClock } from '../protocol/system-clock.js';
import { configured } from './command.js';
import { startBrowser } from './doctor/browser.js';
import { examine } from './doctor/examine.js';
import { findingsOf } from './doctor/findings.js';
import { inJson, inLines, isHealthy } from './doctor/report.js';
import { UsageError } from './io.js';

const schema = z.strictObject({
  json: z.boolean().default(false).describe('print the findings for programs'),
  browser: z
    .string()
    .min(1)
    .optional()
    .describe('path of a Chromium or Chrome; without it, PEERFOLD_CHROMIUM or one that is found'),
  timeout: z
    .number()
    .min(1)
    .max(300)
    .default(20)
    .describe('seconds that the page, and each service, may take to answer'),
  noTransfer: z.boolean().default(false).describe('leave out the transfer between two visitors'),
});

export const doctor = configured({
  name: 'peerfold doctor',
  summary: 'Opens a page in a browser, and says line by line what works and what to change.',
  schema,
  naming: { prefix: 'PEERFOLD_DOCTOR' },
  operand: 'URL',
  async act({ json, browser: named, timeout, noTransfer }, io, operand) {
    const url = addressOf(operand);
    const browser = await startBrowser(named, io.env);
    try {
      const { fetch } = globalThis;
      const how = { browser, fetch, clock: systemClock, timeout: 1000 * timeout, transfer: !noTransfer };
      const findings = findingsOf(await examine(url, how));
      io.out(json ? inJson(url, findings) : inLines(url, findings));
      return isHealthy(findings) ? 0 : 1;
    } finally {
      await browser.close();
    }
  },
});

/** Throws a `UsageError` for what is no address of a page. */
function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url.href;
  throw new UsageError(`peerfold doctor: "${text}" is no address of a page, such as https://www.example.com`);
}
