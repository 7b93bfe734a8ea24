import { expect, it } from 'vitest';
import { Timeline } from '../../../src/page/timeline.js';
import { transferReport } from '../../support/reports.js';

interface Entry {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly detail: { readonly devtools: Readonly<Record<string, unknown>> };
}

function timelineOf() {
  const entries: Entry[] = [];
  const timeline = new Timeline({
    timeOrigin: 1000,
    measure: ((name: string, options: Omit<Entry, 'name'>) => {
      entries.push({ name, ...options });
    }) as Performance['measure'],
    clearMeasures: (name) => {
      if (name === undefined) throw new Error('these are the site’s');
      for (let i = entries.length - 1; i >= 0; i--) if (entries[i]?.name === name) entries.splice(i, 1);
    },
  });
  return { entries, timeline };
}

it('writes a transfer into a track of its own, by source, in the time of the page', () => {
  const { entries, timeline } = timelineOf();
  const origin = { after: 40.4, failed: false };
  const facts = { started: 1500, duration: 250, firstByte: 20.6, fallback: 'deadline', origin } as const;
  timeline.add(transferReport({ ...facts, peer: 2000, http: 1000, wasted: 5 }));
  expect(entries).toEqual([
    {
      ...{ name: 'peerfold: a.jpg', start: 500, end: 750 },
      detail: {
        devtools: {
          ...{ dataType: 'track-entry', track: 'Peerfold', color: 'tertiary-dark' },
          tooltipText: 'a.jpg: 3 KB from peer',
          properties: [
            ['URL', 'https://site.example/a.jpg'],
            ['Bytes', 'peer 2 KB, http 1 KB'],
            ['First byte', '21 ms'],
            ['Wasted', '5 B'],
            ['Origin asked', 'after 40 ms'],
            ['Why not peers', 'deadline'],
          ],
        },
      },
    },
  ]);
});

it.each([
  [{ http: 1 }, 'primary'],
  [{ http: 1, origin: { after: 0, failed: true } }, 'error'],
  [{}, 'error'],
])('colours %j %s', (facts, color) => {
  const { entries, timeline } = timelineOf();
  timeline.add(transferReport(facts));
  expect(entries[0]?.detail.devtools['color']).toBe(color);
});

it('begins no entry before the page, which browsers refuse', () => {
  const { entries, timeline } = timelineOf();
  timeline.add(transferReport({ started: 400, duration: 50 }));
  expect(entries).toMatchObject([{ start: 0, end: 50 }]);
});

it('keeps a bounded number, and none in the end', () => {
  const { entries, timeline } = timelineOf();
  for (let i = 0; i < 700; i++)
    timeline.add(transferReport({ url: `https://site.example/${i}.jpg`, http: 1 }));
  expect(entries).toHaveLength(500);
  expect(entries[0]?.name).toBe('peerfold: 200.jpg');
  timeline.close();
  expect(entries).toEqual([]);
});
