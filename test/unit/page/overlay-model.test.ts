import { describe, expect, it } from 'vitest';
import type { EngineStats, Stats } from '../../../src/page/engine-host.js';
import {
  describe as describeTransfer,
  formatBytes,
  formatTime,
  mainSource,
  nameOf,
  received,
  shareOf,
  summaryOf,
  type Situation,
} from '../../../src/page/overlay-model.js';
import { FALLBACKS, INACTIVITIES, UPLOAD_LIMITS } from '../../../src/page/overlay-reasons.js';
import { PAGE_REASONS, type ByteCounts } from '../../../src/protocol/bridge.js';
import { engineStats, pageStats } from '../../support/page-stats.js';
import { transferReport } from '../../support/reports.js';

const counts = (options: Partial<ByteCounts>): ByteCounts => transferReport(options).bytes;

describe('figures', () => {
  it.each([
    [counts({}), undefined],
    [counts({ wasted: 50 }), undefined],
    [counts({ http: 1 }), 'http'],
    [counts({ peer: 5, http: 4 }), 'peer'],
    [counts({ peer: 4, store: 5 }), 'store'],
    [counts({ cache: 9, http: 8 }), 'cache'],
  ])('%j came mainly from %s', (bytes, source) => {
    expect(mainSource(bytes)).toBe(source);
  });

  it('counts only peers as savings, and waste not at all', () => {
    const bytes = counts({ peer: 50, store: 25, cache: 15, http: 10, wasted: 1000 });
    expect(received(bytes)).toBe(100);
    expect(shareOf('peer', bytes)).toBe(50);
    expect(shareOf('peer', counts({}))).toBe(0);
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1499, '1 KB'],
    [213_400, '213 KB'],
    [7_300_000, '7.3 MB'],
    [12_345_678_901, '12.35 GB'],
  ])('writes %s bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('writes times', () => {
    expect([0.4, 12.3, 999.4, 1234].map(formatTime)).toEqual(['0 ms', '12 ms', '999 ms', '1.2 s']);
  });

  it('says how much came from where', () => {
    expect(describeTransfer(transferReport({ peer: 2000, http: 1000 }))).toBe('peer 2 KB, http 1 KB');
    expect(describeTransfer(transferReport())).toBe('');
  });

  it.each([
    ['https://site.example/media/seg1.m4s?x=1', 'seg1.m4s'],
    ['https://site.example/', 'https://site.example/'],
    ['nonsense', 'nonsense'],
  ])('names %s %s', (url, name) => {
    expect(nameOf(url)).toBe(name);
  });
});

describe('reasons', () => {
  it('are sentences, each another one', () => {
    const sentences = [FALLBACKS, INACTIVITIES].flatMap((reasons) => Object.values(reasons));
    for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].{20,}[.?]$/);
    expect(new Set(sentences).size).toBe(sentences.length);
    for (const reason of PAGE_REASONS) expect(FALLBACKS[reason]).toBeTruthy();
    for (const clause of Object.values(UPLOAD_LIMITS)) expect(clause).toMatch(/^[a-z].*[^.]$/);
  });
});

describe('why nothing comes from peers', () => {
  const situation = (
    inactive: Situation['inactive'],
    engine?: Partial<EngineStats>,
    stats: Partial<Stats> = {},
  ): string =>
    summaryOf({ inactive, stats: pageStats(stats), engine: engine && { ...engineStats(), ...engine } });

  it('is said of a page that goes without, whatever else there is', () => {
    expect(situation('starting', { links: 3 })).toContain('service worker has not answered');
    expect(situation('consent')).toBe(INACTIVITIES.consent);
    expect(situation('disabled', { links: 3 }, { bytes: counts({ peer: 5 }) })).toBe(INACTIVITIES.disabled);
  });

  it('is said of what is missing, first things first', () => {
    expect(situation(undefined)).toContain('engine has not started');
    expect(situation(undefined, { leading: false, awaitsConsent: true })).toContain('express yes');
    expect(situation(undefined, { leading: false, tracker: false })).toContain('Another tab');
    expect(situation(undefined, { tracker: false, links: 0 })).toContain('tracker has not let this page in');
    expect(situation(undefined, { links: 0 })).toContain('nobody to link to');
    expect(situation(undefined, {})).toContain('Nothing was loaded');
  });

  it('is the reason by which most bytes came over HTTP', () => {
    const resources = [
      transferReport({ http: 10, fallback: 'above-fold' }),
      transferReport({ http: 10, fallback: 'above-fold' }),
      transferReport({ http: 25, fallback: 'deadline' }),
      transferReport({ http: 100 }),
    ];
    expect(situation(undefined, {}, { resources })).toContain(FALLBACKS.deadline);
  });

  it('is not asked once something does', () => {
    const bytes = counts({ peer: 3, http: 1 });
    expect(situation(undefined, { links: 0 }, { bytes })).toBe(
      '75 % of what this page received came from other visitors.',
    );
  });
});
