// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { comparison } from '../../../hasher-service/dashboard/compared.js';
import { bytes, percent, signed, time } from '../../../hasher-service/dashboard/format.js';
import { counted, refusals, resources } from '../../../hasher-service/dashboard/lists.js';
import { compareQuantiles, compareRates } from '../../../hasher-service/beacons/comparison.js';
import { Frequency } from '../../../hasher-service/beacons/frequency.js';
import { Sample } from '../../../hasher-service/beacons/sample.js';
import type { Compared } from '../../../src/protocol/figures.js';

const SITE = 'https://site.example';

/** Pages of one time each, around `middle`. */
function sample(middle: number, pages: number): Sample {
  const made = new Sample();
  for (let i = 0; i < pages; i++) made.add([middle * (0.5 + i / pages)]);
  return made;
}

function stalls(perPage: number, pages: number): Frequency {
  const made = new Frequency();
  for (let i = 0; i < pages; i++) made.add(perPage, 0.5);
  return made;
}

const shown = (all: readonly Compared[]) => {
  const table = comparison(all);
  return { text: table.textContent, coloured: table.querySelectorAll('.better, .worse').length };
};

describe('a comparison', () => {
  it('is called better or worse when the whole interval is on one side of zero', () => {
    const better = compareQuantiles('paint', 0.5, sample(1000, 500), sample(2000, 500));
    expect(better.verdict).toBe('better');
    expect(better.difference?.high).toBeLessThan(0);
    expect(better.peers.value).toBeGreaterThan(970);
    expect(better.peers.value).toBeLessThan(1030);
    expect(shown([better])).toMatchObject({ coloured: 2, text: expect.stringContaining('faster') });
    const worse = compareQuantiles('starts', 0.5, sample(2000, 500), sample(1000, 500));
    expect(worse.verdict).toBe('worse');
    expect(shown([worse]).text).toContain('slower');
  });

  it('has no colour when the interval holds zero', () => {
    const unclear = compareQuantiles('images', 0.5, sample(990, 40), sample(1000, 40));
    expect(unclear.verdict).toBe('unclear');
    expect(shown([unclear])).toMatchObject({ coloured: 0, text: expect.stringContaining('not proven') });
  });

  it('says that there are too few pages, and nothing else, below thirty', () => {
    for (const [peers, control] of [
      [29, 1000],
      [1000, 29],
      [0, 0],
    ] as const) {
      const few = compareQuantiles('paint', 0.5, sample(1, peers), sample(90_000, control));
      expect(few).toMatchObject({ verdict: 'too-few', peers: { pages: peers }, control: { pages: control } });
      expect(few).not.toHaveProperty('difference');
      expect(shown([few]).coloured).toBe(0);
    }
  });

  it('counts many images of a few pages as few', () => {
    const few = new Sample();
    for (let page = 0; page < 29; page++) few.add(Array.from({ length: 50 }, () => 10));
    expect(compareQuantiles('images', 0.5, few, sample(9000, 500)).verdict).toBe('too-few');
  });

  it('of no stalls at all in a short time proves nothing', () => {
    expect(compareRates('stalls', stalls(0, 30), stalls(0, 30)).verdict).toBe('unclear');
    const none = compareRates('stalls', stalls(0, 30), stalls(0, 3000)).difference;
    expect(none?.high).toBeGreaterThan(0.1);
    expect(compareRates('stalls', stalls(1, 100), stalls(4, 100)).verdict).toBe('better');
    expect(compareRates('stalls', new Frequency(), new Frequency()).verdict).toBe('too-few');
  });
});

describe('what the page shows', () => {
  it('is text, whatever it says', () => {
    const evil = '<img src=x onerror=alert(1)>';
    const lists = [
      resources([{ url: `https://site.example/${evil}`, peer: 1, http: 1 }], SITE),
      counted('Errors', [{ name: evil, count: 1 }], 'fault', String),
      refusals([{ code: evil, why: evil, urls: 1, examples: [evil] }], SITE),
    ];
    for (const list of lists) {
      expect(list.querySelector('img')).toBeNull();
      expect(list.textContent).toContain(evil);
    }
  });

  it('names files of the site by their paths, and others by their hosts, too', () => {
    const urls = [`${SITE}/a.jpg`, 'https://cdn.example/b.jpg', `${SITE}.evil/c.jpg`];
    const list = resources(
      urls.map((url) => ({ url, peer: 1, http: 0 })),
      SITE,
    );
    const names = [...list.querySelectorAll('tbody th')].map((name) => name.textContent);
    expect(names).toEqual(['/a.jpg', 'cdn.example/b.jpg', 'site.example.evil/c.jpg']);
  });

  it('says that there is nothing', () => {
    expect(resources([], SITE).textContent).toMatch(/None/);
  });

  it('is written as people write it', () => {
    expect([0, 999, 1000, 1_234_567, 5e12, 3e17].map(bytes)).toEqual([
      '0 B',
      '999 B',
      '1 KB',
      '1.23 MB',
      '5 TB',
      '300 PB',
    ]);
    expect([null, undefined].map(bytes)).toEqual(['–', '–']);
    expect([0, 12.4, 999, 1500].map(time)).toEqual(['0 ms', '12 ms', '999 ms', '1.5 s']);
    expect([-1500, 20].map(signed(time))).toEqual(['−1.5 s', '+20 ms']);
    expect(percent(0.4567)).toBe('45.7 %');
  });
});
