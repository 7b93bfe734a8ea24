import { describe, expect, it } from 'vitest';
import type { PeerId, RootPrefix, Site } from '../../../../src/core/brands.js';
import {
  parseNodeMessage,
  parseProfile,
  writeProfile,
  type NodeMessage,
} from '../../../../tracker-service/nodes/messages.js';
import { isNodeName, nodeName, nodeOf } from '../../../../tracker-service/nodes/names.js';

const site = 'https://www.example.com' as Site;
const [from, to] = ['aaaaFFFFFFFFFFFFFFFF', 'bbbbTTTTTTTTTTTTTTTT'] as PeerId[] as [PeerId, PeerId];
const key = 'K'.repeat(87);
const root = '0'.repeat(32) as RootPrefix;

const good: Record<NodeMessage['t'], NodeMessage> = {
  signal: { t: 'signal', site, from, key, admission: 'a.b.c', to, box: 'AAAA' },
  failed: { t: 'failed', site, to, about: from, code: 'gone' },
  news: { t: 'news', site, roots: [root] },
  report: { t: 'report', site, pid: to, bad: 1, slow: 0 },
};

describe('messages between nodes', () => {
  it.each(Object.values(good))('are understood: $t', (message) => {
    expect(parseNodeMessage(JSON.stringify(message))).toEqual(message);
  });

  it('need no admission where there is none', () => {
    const { admission, ...rest } = { ...good.signal, admission: undefined };
    expect(admission).toBeUndefined();
    expect(parseNodeMessage(JSON.stringify(rest))).toEqual(rest);
  });

  const wrong: Record<NodeMessage['t'], readonly object[]> = {
    signal: [
      { from: 'a b' },
      { to: '' },
      { to: undefined },
      { key: 'K' },
      { key: [key] },
      { admission: 'a.b' },
      { admission: `a.b.${'c'.repeat(9_000)}` },
      { box: '' },
      { box: '<>' },
      { box: 'A'.repeat(16 * 1024 + 1) },
    ],
    failed: [{ about: 7 }, { to: null }, { code: 'bad-pass' }, { code: 'toString' }, { code: undefined }],
    news: [{ roots: root }, { roots: ['0'] }, { roots: [null] }, { roots: Array<string>(2001).fill(root) }],
    report: [{ pid: {} }, { bad: -1 }, { bad: 0.5 }, { slow: '1' }, { slow: 2 ** 50 }],
  };
  const cases = Object.entries(wrong).flatMap(([kind, changes]) =>
    [
      ...changes,
      { site: 'example.com' },
      { site: undefined },
      { t: 'hello' },
      { t: 'toString' },
      { t: 1 },
    ].map((change) => ({ kind: kind as NodeMessage['t'], change })),
  );
  it.each(cases)('are refused when they are not as they should be: $kind $change', ({ kind, change }) => {
    expect(parseNodeMessage(JSON.stringify({ ...good[kind], ...change }))).toBeUndefined();
  });

  it.each(['', 'x', '[]', 'null', '7', '{}', '{"t":"news"', `{"t":"news","x":"${'x'.repeat(90_000)}"}`])(
    'are refused when they are none',
    (text) => {
      expect(parseNodeMessage(text)).toBeUndefined();
    },
  );
});

describe('profiles', () => {
  const profile = { pid: to, key, admission: 'a.b.c', until: 1e12, upload: 3, complaints: 1.25 };

  it('are read as they were written', () => {
    expect(parseProfile(to, writeProfile(profile))).toEqual(profile);
    const { admission, ...open } = profile;
    expect(admission).toBeDefined();
    expect(parseProfile(to, writeProfile(open))).toEqual(open);
  });

  it.each([
    { key: 'K' },
    { admission: 'x' },
    { admission: null },
    { until: -1 },
    { until: 2 ** 50 },
    { until: 'now' },
    { upload: 4 },
    { upload: 0.5 },
    { complaints: -1 },
    { complaints: null },
    { complaints: 1e300 },
  ])('are refused when they are not as they should be: %j', (change) => {
    expect(parseProfile(to, JSON.stringify({ ...profile, ...change }))).toBeUndefined();
  });

  it.each([null, undefined, 7, [], '', '[]', 'x'.repeat(20_000)])(
    'are refused when they are none',
    (kept) => {
      expect(parseProfile(to, kept)).toBeUndefined();
    },
  );
});

describe('names of nodes', () => {
  it('are what their pids begin with', () => {
    const name = nodeName(Uint8Array.of(255, 255, 255));
    expect(name).toBe('____');
    expect(nodeOf(`${name}abcdefghijkl` as PeerId)).toBe(name);
  });

  it.each(['', 'abc', 'abcde', 'ab d', 'ab.d', 7, null, undefined])('are none: %j', (value) => {
    expect(isNodeName(value)).toBe(false);
  });
});
