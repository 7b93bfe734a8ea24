import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseTrackerReport, type TrackerReport } from '../../../src/protocol/figures.js';
import { HashServices } from '../../../tracker-service/admission/hash-services.js';
import { HasherClient } from '../../../tracker-service/admission/hasher-client.js';
import { REPORT_EVERY, Reporter } from '../../../tracker-service/admission/reporter.js';
import { OTHER_SITE, SITE, Signer, TrackerWorld, prefix, type Client } from '../../support/tracker-world.js';

let signer: Signer;
let world: TrackerWorld;
let reports: TrackerReport[];
let failures: unknown[];
let reporter: Reporter;
let answer: () => Promise<void>;

beforeAll(async () => {
  signer = await Signer.create();
});
beforeEach(() => {
  world = new TrackerWorld(signer);
  [reports, failures] = [[], []];
  answer = () => Promise.resolve();
  reporter = new Reporter({
    clock: world.clock,
    figures: () => world.core.figures(),
    send(report) {
      reports.push(report);
      return answer();
    },
    failed: (error) => failures.push(error),
  });
});
afterEach(() => {
  reporter.close();
});

const root = prefix(1);

/** So many times of reporting go by, while these show signs of life. */
async function pass(rounds: number, ...visitors: Client[]): Promise<void> {
  for (let i = 0; i < rounds; i++) {
    for (const { session } of visitors) session.heard();
    await world.clock.advance(REPORT_EVERY);
  }
}

describe('what a tracker reports', () => {
  it('is who is here, and what they asked and got since the last time, site by site', async () => {
    const [holder, asker] = [await world.holder([root]), await world.joined()];
    await world.joinedOf(OTHER_SITE);
    await asker.say({ t: 'want', q: 1, roots: [root], k: 12, live: 0 });
    await asker.say({ t: 'want', q: 2, roots: [prefix(9)], k: 12, live: 0 });
    await asker.say({ t: 'signal', list: [{ to: holder.pid, pass: 'bad.pass', box: 'x' }] });
    holder.drop();
    await world.clock.advance(REPORT_EVERY);
    expect(reports).toEqual([
      { site: SITE, seconds: 60, visitors: 1, introductions: 1, wants: 2, refused: 1 },
      { site: OTHER_SITE, seconds: 60, visitors: 1, introductions: 0, wants: 0, refused: 0 },
    ]);
    await asker.say({ t: 'load', up: 1 });
    await world.clock.advance(REPORT_EVERY);
    expect(reports[2]).toEqual({
      site: SITE,
      seconds: 60,
      visitors: 1,
      introductions: 0,
      wants: 0,
      refused: 0,
    });
    for (const report of reports) expect(parseTrackerReport(JSON.stringify(report))).toEqual(report);
  });

  it('is not kept for later when it cannot be told, which is told once', async () => {
    const visitor = await world.joined();
    answer = () => Promise.reject(new Error('down'));
    await pass(3, visitor);
    expect([reports.length, failures.length]).toEqual([3, 1]);
    answer = () => Promise.resolve();
    await pass(1, visitor);
    answer = () => Promise.reject(new Error('down again'));
    await pass(1, visitor);
    expect(failures).toHaveLength(2);
  });

  it('waits while the one before is on its way', async () => {
    const visitor = await world.joined();
    let arrive = (): void => undefined;
    answer = () => new Promise((resolve) => (arrive = resolve));
    await pass(2, visitor);
    expect(reports).toHaveLength(1);
    arrive();
    answer = () => Promise.resolve();
    await pass(1, visitor);
    expect(reports.map(({ seconds }) => seconds)).toEqual([60, 120]);
  });

  it('ends with it', async () => {
    await world.joined();
    reporter.close();
    await world.clock.advance(REPORT_EVERY);
    expect(reports).toEqual([]);
  });
});

describe('a report', () => {
  const report = { site: SITE, seconds: 60, visitors: 1, introductions: 2, wants: 3, refused: 4 };

  it('goes to the hash service of its site, with its token', async () => {
    const sent: [string, RequestInit][] = [];
    const fetch = ((url: string, init: RequestInit) => {
      sent.push([url, init]);
      return Promise.resolve(new Response(null, { status: 204 }));
    }) as typeof globalThis.fetch;
    const client = new HasherClient({ hasher: 'http://hasher.test', token: 'secret', fetch });
    const parts = {
      desk: { admit: () => Promise.reject(new Error('nobody')) },
      ready: () => Promise.resolve(),
      doubt: () => undefined,
      start: () => undefined,
      close: () => undefined,
    };
    const services = new HashServices([{ ...parts, site: SITE, roots: client, reports: client }]);
    await services.report(report);
    await services.report({ ...report, site: OTHER_SITE });
    expect(sent.map(([url]) => url)).toEqual(['http://hasher.test/v1/tracker-reports']);
    expect(new Headers(sent[0]?.[1].headers).get('authorization')).toBe('Bearer secret');
    expect(parseTrackerReport(sent[0]?.[1].body as string)).toEqual(report);
  });

  it('that a hash service does not know of is an error of one kind', async () => {
    const fetch = () => Promise.resolve(new Response('', { status: 404 }));
    const client = new HasherClient({ hasher: 'http://hasher.test', token: undefined, fetch });
    await expect(client.report(report)).rejects.toMatchObject({ code: 'hasher-unreachable' });
  });
});
