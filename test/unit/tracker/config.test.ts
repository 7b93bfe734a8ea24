import { describe, expect, it } from 'vitest';
import { settingsOf } from '../../../src/cli/settings.js';
import { MAX_HELD } from '../../../tracker-service/holders/memory-index.js';
import { createTracker } from '../../../tracker-service/index.js';
import { trackerConfig } from '../../../tracker-service/config.js';
import { federationsOf, hashServicesOf } from '../../../tracker-service/sites.js';

const [A, B, C] = ['https://a.example', 'https://b.example', 'https://c.example'];

function faults(options: object): string[] {
  const { error } = trackerConfig.safeParse({ hasher: 'http://h', ...options });
  return error?.issues.map(({ path, message }) => `${String(path[0] ?? '')}: ${message}`) ?? [];
}

describe('the configuration', () => {
  it('needs no more than the hash service', () => {
    expect(trackerConfig.parse({ hasher: 'http://localhost:8081' })).toMatchObject({
      port: 8082,
      host: '127.0.0.1',
      operationsPort: 8083,
      operationsHost: '127.0.0.1',
      messagesPerSecond: 20,
      socketsPerAddress: 64,
      logAddresses: false,
      drainMs: 0,
      shutdownMs: 10_000,
    });
  });

  it('is the same when read twice', () => {
    const once = trackerConfig.parse({ hasher: ['http://h/', `${A}=http://a`], federate: `${A} ${B}` });
    expect(trackerConfig.parse(once)).toEqual(once);
  });

  it.each([
    { hasher: [] },
    { hasher: 'localhost:8081' },
    { hasher: 'ftp://x' },
    { port: 70_000 },
    { port: '8082' },
    { operationsPort: 'off' },
    { operationsPort: -1 },
    { leaseSeconds: 0 },
    { rootsPerVisitor: MAX_HELD + 1 },
    { trustedProxies: ['nonsense'] },
    { redis: 'http://localhost' },
    { redis: ['redis://localhost', 'localhost:6379'] },
    { drainMs: -1 },
    { unknown: 1 },
  ])('refuses %j', (options) => {
    expect(faults(options)).not.toEqual([]);
  });

  it.each([
    [{ hasher: [`${A}=nonsense`] }, 'hasher: "nonsense" is not a URL such as https://hash.example.com'],
    [{ hasher: ['http://h', 'http://i'] }, 'hasher: all sites can have only one hash service'],
    [{ hasher: [`${A}=http://h`, `${A}=http://i`] }, `hasher: ${A} can have only one hash service`],
    [{ hasherToken: `${A}=token` }, `hasherToken: no hash service is named for ${A}`],
    [{ hasherToken: ['one', 'two'] }, 'hasherToken: all sites can have only one token'],
    [{ hasherToken: 'line\nbreak' }, 'hasherToken: a token of 1 to 512 printable characters is needed'],
    [{ federate: A }, `federate: "${A}" is not two sites or more, as SITE,SITE`],
    [{ federate: `${A},${A}` }, `federate: ${A} is named twice`],
    [{ federate: `${A},b` }, 'federate: "b" is not an origin such as https://www.example.com'],
    [{ federate: [`${A},${B}`, `${B},${C}`] }, `federate: ${B} can have only one federation`],
    [{ tlsCert: 'c.pem' }, 'tlsCert: needs the key as well (tlsKey)'],
    [{ tlsKey: 'k.pem' }, 'tlsKey: needs the certificate as well (tlsCert)'],
    [{ operationsPort: 'off' }, 'operationsPort: a TCP port or "none" is needed'],
  ])('of %j says why not', (options, fault) => {
    expect(faults(options)).toEqual([fault]);
  });

  it('names files that cannot be used', async () => {
    const files = { tlsCert: '/nowhere/c.pem', tlsKey: '/nowhere/k.pem' };
    const rejection = createTracker({ hasher: 'http://h', logLevel: 'silent', ...files });
    await expect(rejection).rejects.toMatchObject({ code: 'bad-config' });
    await expect(rejection).rejects.toThrow(
      /^tlsCert, tlsKey: \/nowhere\/c.pem and \/nowhere\/k.pem cannot be used: ENOENT/,
    );
    const database = createTracker({ hasher: 'http://h', logLevel: 'silent', networkDb: '/nowhere/a.mmdb' });
    await expect(database).rejects.toThrow(/^networkDb: \/nowhere\/a.mmdb cannot be used: ENOENT/);
  });
});

describe('flags', () => {
  it('are there for every setting', () => {
    const settings = settingsOf(trackerConfig, { prefix: 'P' });
    expect(settings.map(({ key }) => key)).toEqual(Object.keys(trackerConfig.shape));
    const named = Object.fromEntries(settings.map(({ flag, kind }) => [flag, kind]));
    expect(named).toMatchObject({
      hasher: 'list',
      'hasher-token': 'list',
      'open-site': 'list',
      'trusted-proxy': 'list',
      'network-db': 'list',
      federate: 'list',
      redis: 'list',
      'operations-port': 'number',
      'log-addresses': 'switch',
      'tls-cert': 'text',
    });
    expect(settings.every(({ meaning }) => meaning !== '')).toBe(true);
  });
});

describe('hash services', () => {
  it('are for all sites or for one, with a token each', () => {
    const { hasher, hasherToken } = trackerConfig.parse({
      hasher: ['https://hash.example/', `${A}=http://10.0.0.1:8081/x/`],
      hasherToken: ['with=equals==', `${A}=another=`],
    });
    expect(hashServicesOf(hasher, hasherToken)).toEqual([
      { site: undefined, url: 'https://hash.example', token: 'with=equals==' },
      { site: A, url: 'http://10.0.0.1:8081/x', token: 'another=' },
    ]);
  });

  it('need no token', () => {
    expect(hashServicesOf(['http://h?x=1'], [])).toEqual([
      { site: undefined, url: 'http://h?x=1', token: undefined },
    ]);
  });
});

describe('federations', () => {
  it('are groups of sites, with commas or with spaces', () => {
    const { federate } = trackerConfig.parse({ hasher: 'http://h', federate: [`${A},${B}`] });
    expect(federationsOf(federate)).toEqual([[A, B]]);
    expect(federationsOf([`${A} ${B}  ${C}`])).toEqual([[A, B, C]]);
  });
});
