import type { Site } from '../../src/core/brands.js';
import type { Examination, PageSeen } from '../../src/cli/doctor/examination.js';
import type { PolicyClaims } from '../../src/protocol/hasher.js';

export const SITE = 'https://www.example.com' as Site;
export const HASHER = 'https://hash.example.com';
export const TRACKER = 'wss://tracker.example.com';

const config = {
  ...{ site: SITE, hasher: HASHER, tracker: TRACKER, static: false, headStart: 10, minSize: 16_384 },
  ...{ include: ['/media/*'], exclude: [], origins: [], partners: [] },
};

export const POLICY: PolicyClaims = {
  ...{ iss: HASHER, aud: SITE, enabled: true, minEpoch: 0, rollout: 1, revoked: [] },
  ...{ iat: 0, exp: 300, ver: 1 },
};

const STUN = '[{"urls":"stun:stun.example.com"}]';

/** A page on which all is well. */
export function healthyPage(change: Partial<PageSeen> = {}): PageSeen {
  return {
    ...{
      secure: true,
      started: true,
      links: 0,
      status: { active: true },
      firstReason: 'consent',
      reloaded: false,
      chooses: true,
    },
    ...{ policies: [], violations: [], faults: [], console: [], workerConsole: [], policy: '' },
    tags: [
      { src: `${SITE}/peerfold.js`, attributes: { 'data-consent': 'required', 'data-ice-servers': STUN } },
    ],
    controller: `${SITE}/peerfold-sw.js`,
    registrations: [{ scope: `${SITE}/`, script: `${SITE}/peerfold-sw.js`, active: true }],
    registered: [{ scope: `${SITE}/`, script: `${SITE}/peerfold-sw.js` }],
    loader: 'b1',
    worker: { build: 'b1', config },
    scripts: ['peerfold.js', 'peerfold-engine.js'].map((name) => scriptSeen(name)),
    sockets: [{ url: `${TRACKER}/`, welcomed: true }],
    ...change,
  };
}

export function scriptSeen(
  name: string,
  change: Partial<PageSeen['scripts'][number]> = {},
): PageSeen['scripts'][number] {
  return {
    url: `${SITE}/${name}`,
    status: 200,
    type: 'text/javascript',
    cacheControl: 'max-age=60',
    ...change,
  };
}

export function fileSeen(name: string, change: object = {}): NonNullable<Examination['worker']>['file'] {
  const usual = { status: 200, type: 'text/javascript', cacheControl: '', policy: '', redirected: false };
  return { url: `${SITE}/${name}`, ok: true, ...usual, ...change };
}

/** An examination of a site on which all is well. */
export function healthy(change: Partial<Examination> = {}): Examination {
  return {
    asked: `${SITE}/`,
    opening: { ok: true, url: `${SITE}/`, status: 200, type: 'text/html; charset=utf-8' },
    page: healthyPage(),
    worker: { file: fileSeen('peerfold-sw.js'), imported: fileSeen('peerfold-worker.js') },
    services: { hasher: HASHER, tracker: TRACKER, static: false, config },
    hasher: {
      keys: { is: 'given', value: 1, cors: true },
      policy: { is: 'given', value: POLICY, cors: true },
      admission: { is: 'given', value: { admission: 'a.b.c', relays: [] }, cors: true },
    },
    tracker: { ok: true },
    resources: {
      judged: [{ url: `${SITE}/a.jpg`, destination: 'image', is: 'eligible', length: 20_000, root: '' }],
      left: [],
    },
    transfer: { is: 'done', url: `${SITE}/a.jpg`, bytes: 20_000 },
    ...change,
  };
}

/** `whole`, but for some of its members. */
export function without<T extends object, K extends keyof T>(whole: T, ...names: readonly K[]): Omit<T, K> {
  const copy = { ...whole };
  for (const name of names) Reflect.deleteProperty(copy, name);
  return copy;
}
