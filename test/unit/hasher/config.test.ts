import { describe, expect, it } from 'vitest';
import { parseHasherConfig } from '../../../hasher-service/config.js';
import { OriginRules, parseOriginRule } from '../../../hasher-service/origin/rules.js';
import { PeerfoldError } from '../../../src/core/errors.js';
import { isCanonicalUrl } from '../../../src/protocol/hasher.js';
import type { CanonicalUrl } from '../../../src/core/brands.js';

const SITE = 'https://www.example.com';

function url(text: string): CanonicalUrl {
  if (!isCanonicalUrl(text)) throw new Error(text);
  return text;
}

function faultOf(options: unknown): string {
  try {
    parseHasherConfig(options);
  } catch (error) {
    if (error instanceof PeerfoldError && error.code === 'bad-config') return error.message;
    throw error;
  }
  throw new Error('accepted');
}

describe('parseHasherConfig', () => {
  it('has a default for everything but the site', () => {
    expect(parseHasherConfig({ sites: [SITE] })).toMatchObject({
      sites: [SITE],
      origins: [],
      data: '.peerfold',
      port: 8081,
      host: '127.0.0.1',
      allowPrivate: false,
      reportThreshold: 3,
    });
  });

  it('reads flags and environment variables, which are text', () => {
    const config = parseHasherConfig({
      sites: `${SITE}/, https://b.example`,
      origins: 'https://a.example=http://10.0.0.1:8080,https://b.example',
      port: '0',
      allowPrivate: '',
      maxBytes: '1000',
      trustedProxies: '10.0.0.0/8,::1',
    });
    expect(config).toMatchObject({
      sites: [SITE, 'https://b.example'],
      origins: ['https://a.example=http://10.0.0.1:8080', 'https://b.example'],
      port: 0,
      allowPrivate: true,
      maxBytes: 1000,
      trustedProxies: ['10.0.0.0/8', '::1'],
    });
  });

  it('reads its own output', () => {
    const config = parseHasherConfig({ sites: [SITE], allowPrivate: 'false' });
    expect(parseHasherConfig(config)).toEqual(config);
  });

  it.each([
    ['sites', {}],
    ['sites', { sites: [] }],
    ['sites.0', { sites: ['www.example.com'] }],
    ['sites.0', { sites: ['https://www.example.com/path'] }],
    ['sites.0', { sites: ['ftp://www.example.com'] }],
    ['sites.0', { sites: ['https://user@www.example.com'] }],
    ['origins.1', { sites: [SITE], origins: [SITE, 'nonsense'] }],
    ['port', { sites: [SITE], port: 65_536 }],
    ['port', { sites: [SITE], port: 'eighty' }],
    ['port', { sites: [SITE], port: '' }],
    ['allowPrivate', { sites: [SITE], allowPrivate: 'maybe' }],
    ['publicUrl', { sites: [SITE], publicUrl: 'hash.example.com' }],
    ['rootsToken', { sites: [SITE], rootsToken: 'short' }],
    ['admit', { sites: [SITE], admit: true }],
    ['trustedProxies.0', { sites: [SITE], trustedProxies: ['everyone'] }],
    ['hashThreads', { sites: [SITE], hashThreads: 0 }],
    ['hashThreads', { sites: [SITE], hashThreads: 65 }],
    ['logLevel', { sites: [SITE], logLevel: 'loud' }],
    ['live.1', { sites: [SITE], live: ['/live/*', 'live'] }],
    ['coldFetchesPerMinute', { sites: [SITE], coldFetchesPerMinute: 0 }],
    ['originFetchesPerSecond', { sites: [SITE], originFetchesPerSecond: 0.5 }],
    ['originBytesPerSecond', { sites: [SITE], originBytesPerSecond: 1 }],
    ['requestTimeoutMs', { sites: [SITE], requestTimeoutMs: 0 }],
    ['idleTimeoutMs', { sites: [SITE], idleTimeoutMs: 'never' }],
    ['drainMs', { sites: [SITE], drainMs: -1 }],
    ['shutdownMs', { sites: [SITE], shutdownMs: 3_600_000 }],
    ['nonsense', { sites: [SITE], nonsense: 1 }],
  ])('names the field %s', (field, options) => {
    expect(faultOf(options)).toContain(field);
  });
});

describe('parseOriginRule', () => {
  it.each([
    '',
    '=',
    'https://a.example=',
    '=https://a.example',
    'https://a.example=https://b.example=https://c.example',
    'https://a.example/media',
    'https://a.example?x=1',
    'https://user:pw@a.example',
    'file:///etc/passwd',
    'https://a.example=unix:/run/x',
  ])('refuses %j', (text) => {
    expect(parseOriginRule(text)).toEqual(expect.any(String));
  });
});

describe('OriginRules', () => {
  const rules = new OriginRules(['https://a.example', 'https://b.example=http://10.0.0.1:81/'], false);

  it('sends a request to the public origin, which must be global', () => {
    expect(rules.publicTarget(url('https://a.example/x/y.jpg?v=1'))).toEqual({
      origin: 'https://a.example',
      path: '/x/y.jpg?v=1',
      host: 'a.example',
      mayBePrivate: false,
    });
  });

  it('asks the public origin even where there is an upstream', () => {
    expect(rules.publicTarget(url('https://b.example/z'))).toMatchObject({
      origin: 'https://b.example',
      mayBePrivate: false,
    });
    expect(rules.upstreamTarget(url('https://a.example/z'))).toBeUndefined();
    expect(rules.upstreamTarget(url('https://c.example/z'))).toBeUndefined();
  });

  it('sends a request to the upstream under the public name', () => {
    expect(rules.upstreamTarget(url('https://b.example/z'))).toEqual({
      origin: 'http://10.0.0.1:81',
      path: '/z',
      host: 'b.example',
      mayBePrivate: true,
    });
  });

  it.each([
    'https://c.example/',
    'http://a.example/',
    'https://a.example:444/',
    'https://a.example.evil.example/',
    'http://10.0.0.1:81/z',
  ])('has no target for %s', (text) => {
    expect(rules.publicTarget(url(text))).toBeUndefined();
  });

  it('may be allowed private addresses everywhere', () => {
    const open = new OriginRules(['http://localhost:8080'], true);
    expect(open.publicTarget(url('http://localhost:8080/'))).toMatchObject({ mayBePrivate: true });
  });
});
