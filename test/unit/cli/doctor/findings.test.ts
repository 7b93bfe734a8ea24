import { describe, expect, it } from 'vitest';
import type { Answer, Examination, PageSeen } from '../../../../src/cli/doctor/examination.js';
import { CHECKS, type CheckId, type Finding } from '../../../../src/cli/doctor/finding.js';
import { findingsOf } from '../../../../src/cli/doctor/findings.js';
import { inJson, inLines, isHealthy } from '../../../../src/cli/doctor/report.js';
import {
  fileSeen,
  HASHER,
  healthy,
  healthyPage,
  POLICY,
  scriptSeen,
  without,
  SITE,
  TRACKER,
} from '../../../support/examinations.js';

function finding(seen: Examination, id: CheckId): Finding {
  const found = findingsOf(seen).find((one) => one.id === id);
  if (!found) throw new Error(`nothing about ${id}`);
  return found;
}

const wrongs = (seen: Examination): CheckId[] =>
  findingsOf(seen)
    .filter(({ status }) => status === 'wrong')
    .map(({ id }) => id);

const unseen = { asked: `${SITE}/` };
const refused = (status: number, code: string): Answer<never> => ({
  is: 'refused',
  status,
  code,
  message: code,
});
const silent: Answer<never> = { is: 'silent', problem: 'nothing listens there' };
const { hasher: usual = { keys: silent, policy: silent } } = healthy();

function withPage(change: Partial<PageSeen>, more: Partial<Examination> = {}): Examination {
  return healthy({ page: healthyPage(change), ...more });
}

/** Without what only a page on which the worker answers has. */
function withoutWorker(change: Partial<PageSeen>, more: Partial<Examination> = {}): Examination {
  const page = without(healthyPage(), 'worker', 'loader');
  return healthy({ page: { ...page, ...change }, ...more });
}

function withPolicy(change: Partial<typeof POLICY>): Examination {
  const policy = { is: 'given', value: { ...POLICY, ...change }, cors: true } as const;
  return healthy({ hasher: { ...usual, policy } });
}

const off = (line: string): Partial<PageSeen> => ({ started: false, console: [line] });

describe('a healthy site', () => {
  it('has nothing wrong, and every check is told once and in order', () => {
    const findings = findingsOf(healthy());
    expect(findings.map(({ id }) => id)).toEqual([...CHECKS]);
    expect(findings.map(({ status }) => status)).toEqual(findings.map(() => 'ok'));
    expect(isHealthy(findings)).toBe(true);
  });

  it('may have a worker that takes over later', () => {
    expect(finding(withPage({ reloaded: true }), 'worker-scope').says).toContain('second page');
  });

  it('is told that the doctor consented', () => {
    expect(finding(healthy(), 'consent').says).toContain('peerfold.consent(true)');
    expect(finding(withPage({ firstReason: 'privacy-control' }), 'consent').status).toBe('ok');
  });

  it('is told that nobody is asked for consent, if that is so: a note, and no fault', () => {
    const unasked = { chooses: false };
    const found = finding(withPage(unasked), 'consent');
    expect(found).toMatchObject({ status: 'note', says: expect.stringContaining('what a click calls') });
    expect(found.change).toMatch(/data-notice .*peerfold\.consent\(true\)/);
    expect(isHealthy(findingsOf(withPage(unasked)))).toBe(true);
    const tags = [{ src: `${SITE}/peerfold.js`, attributes: { 'data-notice': '' } }];
    const scripts = [scriptSeen('peerfold.js'), scriptSeen('peerfold-notice.js')];
    for (const change of [{ tags }, { scripts }, { firstReason: 'privacy-control' }])
      expect(finding(withPage({ ...unasked, ...change }), 'consent').status).toBe('ok');
    const implied = without(healthyPage(unasked), 'firstReason');
    expect(finding(healthy({ page: implied }), 'consent').status).toBe('ok');
  });

  it('may have other workers, for other parts of it', () => {
    const narrower = { ...other, scope: `${SITE}/push/` };
    expect(wrongs(withPage({ registered: [ours, narrower] }))).toEqual([]);
    // Those of the whole site are no concern of a part that has one of its own.
    const opening = { ok: true, url: `${SITE}/shop/`, status: 200, type: 'text/html' } as const;
    const registered = [
      { ...ours, scope: `${SITE}/shop/` },
      other,
      { ...other, script: `${SITE}/more-sw.js` },
    ];
    expect(wrongs(withPage({ registered }, { opening }))).toEqual([]);
  });

  it('may start Peerfold by a module', () => {
    const seen = withPage({ tags: [] });
    expect(wrongs(seen)).toEqual([]);
    expect(finding(seen, 'tag').says).toContain('by itself');
  });

  it('may be a static one', () => {
    const services = { hasher: `${SITE}/.peerfold`, tracker: TRACKER, static: true };
    const { keys, policy } = usual;
    const seen = healthy({ services, hasher: { keys, policy } });
    expect(wrongs(seen)).toEqual([]);
    expect(finding(seen, 'admission').says).toContain('not needed');
    expect(finding(seen, 'hasher-cors').says).toContain('not needed');
  });
});

type Case = readonly [what: string, id: CheckId, seen: Examination, says: RegExp];

const PAGE: readonly Case[] = [
  ['does not answer', 'page', { ...unseen, opening: { ok: false, problem: 'net::ERR_X' } }, /ERR_X/],
  [
    'is missing',
    'page',
    { ...unseen, opening: { ok: true, url: `${SITE}/`, status: 404, type: 'text/html' } },
    /answers 404/,
  ],
  [
    'is elsewhere',
    'page',
    { ...unseen, opening: { ok: true, url: 'https://other.example/', status: 200, type: 'text/html' } },
    /https:\/\/other\.example/,
  ],
  [
    'is a picture',
    'page',
    { ...unseen, opening: { ok: true, url: `${SITE}/`, status: 200, type: 'image/png' } },
    /image\/png/,
  ],
  ['has no HTTPS', 'secure', withPage({ secure: false, started: false }), /HTTPS/],
  ['mixes in HTTP', 'secure', withPage({ console: ['Mixed Content: The page at …'] }), /by HTTP/],
  ['has no tag', 'tag', withPage({ tags: [], started: false }), /no script tag/],
  ['has two tags', 'tag', withPage({ tags: [0, 1].flatMap(() => healthyPage().tags) }), /2 times/],
  [
    'has a tag that leads nowhere',
    'tag',
    withPage({ started: false, scripts: [scriptSeen('peerfold.js', { status: 404 })] }),
    /HTTP 404/,
  ],
  [
    'has a tag with an old digest',
    'tag',
    withPage(
      off(`Failed to find a valid digest in the 'integrity' attribute for resource '${SITE}/peerfold.js'`),
    ),
    /integrity/,
  ],
  [
    'has a malformed attribute',
    'attributes',
    withPage(off('Peerfold stays off: data-rollout cannot be "2"')),
    /^data-rollout cannot be "2"$/,
  ],
  [
    'has no engine beside the loader',
    'companions',
    withPage({ scripts: [scriptSeen('peerfold.js'), scriptSeen('peerfold-engine.js', { status: 404 })] }),
    /^a script beside the loader cannot be loaded$/,
  ],
  ['is switched off', 'consent', withPage({ status: { active: false, reason: 'off' } }), /switched off/],
  [
    'withdraws consent',
    'consent',
    withPage({ status: { active: false, reason: 'consent' } }),
    /has no effect/,
  ],
];

const file = (change: object): NonNullable<Examination['worker']> => ({
  file: fileSeen('peerfold-sw.js', change),
});
const imported = (change: object): NonNullable<Examination['worker']> => ({
  file: fileSeen('peerfold-sw.js'),
  imported: fileSeen('peerfold-worker.js', change),
});
const nowhere = {
  registrations: [],
  faults: [{ code: 'worker-failed', message: 'a bad HTTP response code' }],
};

const ours = { scope: `${SITE}/`, script: `${SITE}/peerfold-sw.js` };
const other = { scope: `${SITE}/`, script: `${SITE}/other-sw.js` };
const rivalled = { registered: [ours, other] };

const WORKER: readonly Case[] = [
  [
    'takes turns with another',
    'worker-scope',
    withPage(rivalled),
    /^2 workers are registered for https:\/\/www\.example\.com\/, and replace each other/,
  ],
  ['is missing', 'worker-file', withoutWorker(nowhere, { worker: file({ status: 404 }) }), /answers 404/],
  ['is a page', 'worker-file', withoutWorker(nowhere, { worker: file({ type: 'text/html' }) }), /text\/html/],
  ['is a redirect', 'worker-file', withoutWorker({}, { worker: file({ redirected: true }) }), /redirect/],
  ['imports nothing', 'worker-file', withoutWorker({}, { worker: file({}) }), /does not import/],
  [
    'imports what is missing',
    'worker-file',
    withoutWorker(nowhere, { worker: imported({ status: 404 }) }),
    /peerfold-worker\.js.* answers 404/,
  ],
  ['is refused', 'worker-file', withoutWorker(nowhere), /bad HTTP response code/],
  [
    'is for other pages',
    'worker-scope',
    withoutWorker({ registrations: [{ scope: `${SITE}/js/`, script: '', active: true }] }),
    /below https:\/\/www\.example\.com\/js\/ only/,
  ],
  [
    'has a malformed literal',
    'worker-literal',
    withoutWorker({ workerConsole: ['Peerfold is off: include must be a list'] }),
    /^include must be a list$/,
  ],
  ['says nothing', 'worker-literal', withoutWorker({}), /does not answer/],
  ['is of another build', 'builds', withPage({ worker: { build: 'b2' } }), /loader is of build b1.* b2/],
  [
    'has an engine of another build',
    'builds',
    withPage({ faults: [{ code: 'not-supported', message: 'loader b1 and engine b3 differ' }] }),
    /engine b3/,
  ],
];

const hasher = (change: Partial<typeof usual>): Examination => healthy({ hasher: { ...usual, ...change } });
const notWelcomed = { sockets: [{ url: `${TRACKER}/`, welcomed: false }] };

const SERVICES: readonly Case[] = [
  ['is down', 'hasher', hasher({ keys: silent, policy: silent, admission: silent }), /nothing listens there/],
  ['is something else', 'hasher', hasher({ keys: { is: 'given', value: 0, cors: true } }), /no key/],
  [
    'serves another site',
    'hasher-site',
    hasher({ policy: refused(403, 'unknown-site'), admission: refused(403, 'unknown-site') }),
    /does not serve https:\/\/www\.example\.com/,
  ],
  [
    'signed for another site',
    'hasher-site',
    withPolicy({ aud: 'https://x.example' as typeof SITE }),
    /x\.example/,
  ],
  ['lacks CORS', 'hasher-cors', hasher({ keys: { is: 'given', value: 1, cors: false } }), /do not allow/],
  ['has the kill switch on', 'policy', withPolicy({ enabled: false }), /kill switch is on/],
  ['has a broken policy', 'policy', hasher({ policy: silent }), /no valid policy/],
  ['lets nobody take part', 'rollout', withPolicy({ rollout: 0 }), /no visitor/],
  [
    'has a tag for nobody',
    'rollout',
    withPage({ tags: [{ src: `${SITE}/peerfold.js`, attributes: { 'data-rollout': '0' } }] }),
    /no visitor/,
  ],
  ['admits nobody', 'admission', hasher({ admission: refused(403, 'not-admitted') }), /not-admitted/],
  [
    'has no tracker',
    'tracker',
    withPage(notWelcomed, { tracker: { ok: false, problem: 'nothing listens there' } }),
    /nothing listens there/,
  ],
  ...['full', 'bad-admission'].map((problem): Case => {
    const seen = withPage(notWelcomed, { tracker: { ok: false, problem } });
    return [`has a tracker that says ${problem}`, 'tracker', seen, RegExp(`answers "${problem}"`)];
  }),
  [
    'has a tracker that pages do not reach',
    'tracker',
    withPage({ ...notWelcomed, faults: [{ code: 'tracker-unreachable', message: 'connection closed' }] }),
    /works, but not for the page: connection closed/,
  ],
];

const judged = (code: string, url = `${SITE}/a.jpg`) =>
  ({ url, destination: 'image', is: 'refused', code, why: `Because ${code}.` }) as const;

const RESOURCES: readonly Case[] = [
  [
    'may not be shared',
    'resources',
    healthy({ resources: { judged: [judged('missing'), judged('query')], left: [] } }),
    /nothing on this page may be shared/,
  ],
  [
    'is spoilt by its headers',
    'cache-headers',
    healthy({ resources: { judged: [judged('private'), judged('stale')], left: [] } }),
    /2 of 2/,
  ],
  [
    'lies elsewhere',
    'resources',
    healthy({
      resources: {
        judged: [],
        left: [{ url: 'https://img.example/a.jpg', destination: 'image', why: 'other-origin' }],
      },
    }),
    /nothing on this page is for Peerfold/,
  ],
  [
    'cannot be asked about',
    'resources',
    healthy({ resources: { judged: [], left: [], problem: 'HTTP 500' } }),
    /HTTP 500/,
  ],
  [
    'is not announced',
    'transfer',
    healthy({ transfer: { is: 'failed', stage: 'announce', fetched: [] } }),
    /offers nothing/,
  ],
  [
    'finds no link',
    'transfer',
    healthy({ transfer: { is: 'failed', stage: 'link', fetched: [] } }),
    /do not get a link/,
  ],
  [
    'does not come over it',
    'transfer',
    healthy({
      transfer: { is: 'failed', stage: 'bytes', fetched: [{ url: 'u', peer: 0, fallback: 'deadline' }] },
    }),
    /nothing came over the link/,
  ],
];

describe.each([
  ['a page', PAGE],
  ['a worker', WORKER],
  ['a site', SERVICES],
  ['what is on the page', RESOURCES],
])('%s that', (_, cases) => {
  it.each(cases)('%s is told by %s', (_what, id, seen, says) => {
    const found = finding(seen, id);
    expect(found.status).toBe('wrong');
    expect(found.says).toMatch(says);
    expect(found.change).not.toBe('');
    expect(findingsOf(seen).map((one) => one.id)).toEqual([...CHECKS]);
  });
});

describe('what follows from a fault', () => {
  it('is not told as another one', () => {
    expect(wrongs({ ...unseen, opening: { ok: false, problem: 'x' } })).toEqual(['page']);
    expect(wrongs(healthy({ hasher: { keys: silent, policy: silent, admission: silent } }))).toEqual([
      'hasher',
    ]);
    expect(wrongs(withPolicy({ enabled: false }))).toEqual(['policy']);
    const worker = { worker: file({ status: 404 }) };
    expect(wrongs(withoutWorker(nowhere, worker))).toEqual(['worker-file']);
  });

  it('is not told as another one where two workers replace each other', () => {
    const transfer = { is: 'failed', stage: 'link', fetched: [] } as const;
    const seen = withoutWorker(rivalled, { transfer });
    expect(wrongs(seen)).toEqual(['worker-scope']);
    expect(finding(seen, 'worker-scope').details).toEqual([ours.script, other.script]);
    expect(finding(seen, 'worker-literal').says).toContain('see worker-scope');
    expect(finding(seen, 'transfer').says).toContain('see worker-scope');
  });

  it('is skipped with a reason when nothing is known', () => {
    const findings = findingsOf({ ...unseen, opening: { ok: false, problem: 'x' } });
    expect(findings.filter(({ status }) => status === 'ok')).toEqual([]);
  });
});

it.each<[what: string, seen: Examination, ids: CheckId[]]>([
  [
    'a policy that forbids the worker',
    withoutWorker({
      policy: "worker-src 'none'",
      registrations: [],
      faults: [{ code: 'worker-failed', message: "scriptURL ('x') violates the Content Security Policy." }],
    }),
    ['csp'],
  ],
  [
    'a policy that forbids the tracker',
    withPage({
      ...{ ...notWelcomed, policy: `connect-src ${HASHER}` },
      violations: [{ directive: 'connect-src', blocked: TRACKER }],
      faults: [{ code: 'tracker-unreachable', message: 'connection closed' }],
    }),
    ['csp'],
  ],
  [
    'headers that forbid all',
    healthy({ resources: { judged: [judged('private')], left: [] } }),
    ['cache-headers'],
  ],
])('%s is one fault', (_, seen, ids) => {
  expect(wrongs(seen)).toEqual(ids);
});

describe('what may be shared', () => {
  it('names reasons with their sentences and some addresses of each', () => {
    const many = [1, 2, 3, 4, 5].map((i) => judged('private', `${SITE}/${i}.jpg`));
    const eligible = { url: 'e', destination: 'image', is: 'eligible', length: 1, root: '' } as const;
    const left = [{ url: `${SITE}/1.m4s`, destination: '', why: 'not-included' }] as const;
    const seen = healthy({ resources: { judged: [eligible, ...many], left } });
    const { status, says, details } = finding(seen, 'resources');
    expect([status, says]).toEqual(['ok', '1 of 6 may be shared']);
    expect(details).toEqual([
      '5 × private: Because private.',
      ...[1, 2, 3].map((i) => `  ${SITE}/${i}.jpg`),
      '  and 2 more',
      expect.stringContaining('1 × not-included: they are fetched by script'),
      `  ${SITE}/1.m4s`,
    ]);
    expect(finding(seen, 'cache-headers')).toMatchObject({
      status: 'ok',
      says: expect.stringMatching(/^5 of 6/),
    });
  });

  it('is undecided while the hash service looks', () => {
    const judged = [{ url: 'e', destination: 'image', is: 'pending' }] as const;
    expect(finding(healthy({ resources: { judged, left: [] } }), 'resources').status).toBe('skipped');
    expect(finding(healthy({ resources: { judged: [], left: [] } }), 'resources').status).toBe('skipped');
  });

  it('tells of scripts that browsers keep for long', () => {
    const scripts = [scriptSeen('peerfold.js', { cacheControl: 'public, max-age=31536000, immutable' })];
    expect(finding(withPage({ scripts }), 'cache-headers').details?.join('\n')).toContain(
      'upgrades come late',
    );
  });
});

describe('a way between routers', () => {
  const tagged = (servers?: string): Partial<PageSeen> => {
    const attributes = servers === undefined ? {} : { 'data-ice-servers': servers };
    return {
      tags: [{ src: `${SITE}/peerfold.js`, attributes: { 'data-consent': 'implied', ...attributes } }],
    };
  };
  const at = (url: string, change = tagged(), more: Partial<Examination> = {}): Finding =>
    finding(
      withPage(change, { opening: { ok: true, url, status: 200, type: 'text/html' }, ...more }),
      'ice-servers',
    );
  const turn = { admission: 'a.b.c', relays: ['turn:turn.example.com:3478'] };

  it.each([undefined, '[]'])(
    'is missing on a public site with data-ice-servers %s: a note, and no fault',
    (servers) => {
      const seen = withPage(tagged(servers));
      const found = finding(seen, 'ice-servers');
      expect(found).toMatchObject({ status: 'note', says: expect.stringContaining('different routers') });
      expect(found.change).toMatch(/data-ice-servers='\[\{"urls":"stun:.*--turn-url/);
      expect(wrongs(seen)).toEqual([]);
      expect(isHealthy(findingsOf(seen))).toBe(true);
      const text = inLines(SITE, findingsOf(seen));
      expect(text).toMatch(/^! ice-servers +no STUN.*\n {4}→ name a STUN server/m);
      expect(text).toMatch(/\nNothing is wrong\. See what is marked !, too\.$/);
      expect(JSON.parse(inJson(SITE, findingsOf(seen)))).toMatchObject({ ok: true });
    },
  );

  it('is there with a server in the tag, or one of the hash service', () => {
    const some = '[{"urls":["stun:a.example","turn:b.example"],"username":"u","credential":"c"}]';
    expect(at(`${SITE}/`, tagged(some))).toMatchObject({
      status: 'ok',
      says: 'stun:a.example turn:b.example',
    });
    const admission = { is: 'given', value: turn, cors: true } as const;
    const seen = at(`${SITE}/`, tagged(), { hasher: { ...usual, admission } });
    expect(seen).toMatchObject({ status: 'ok', says: 'turn:turn.example.com:3478' });
  });

  it.each([
    ...[
      'http://www.example.com/',
      'http://localhost:8080/',
      'https://localhost/',
      'https://site.localhost/',
      'https://127.0.0.1/',
    ],
    ...[
      'https://[::1]/',
      'https://192.168.1.4/',
      'https://nas.local/',
      'https://intranet/',
      'https://a.test/',
    ],
  ])('is not missed at %s', (url) => {
    expect(at(url).status).toBe('ok');
  });

  it.each(['https://8.8.8.8/', 'https://[2606:4700::1111]/', 'https://localhost.example.com/'])(
    'is missed at %s',
    (url) => {
      expect(at(url).status).toBe('note');
    },
  );

  it('is nothing of the hash service for a static site', () => {
    const services = { hasher: `${SITE}/.peerfold`, tracker: TRACKER, static: true };
    const { keys, policy } = usual;
    const { status, change } = at(`${SITE}/`, tagged(), { services, hasher: { keys, policy } });
    expect([status, change]).toEqual(['note', expect.not.stringContaining('--turn-url')]);
  });

  it('cannot be told without an admission, without a tag, or where nothing runs', () => {
    const admission = refused(403, 'not-admitted');
    expect(at(`${SITE}/`, tagged(), { hasher: { ...usual, admission } }).status).toBe('skipped');
    expect(at(`${SITE}/`, { tags: [] }).status).toBe('skipped');
    expect(at(`${SITE}/`, { started: false }).status).toBe('skipped');
  });
});

describe('the report', () => {
  const seen = withPage({ tags: [], started: false });

  it('has a line for each check, and below what is wrong what to change', () => {
    const text = inLines(SITE, findingsOf(seen));
    expect(text).toMatch(/^✓ page +https/m);
    expect(text).toMatch(/^✗ tag +the page has no script tag.*\n {4}→ add the tag/m);
    expect(text).toMatch(/^– builds +loader|^– builds +the script does not run/m);
    expect(text).toMatch(/\nOne thing is wrong\.$/);
    expect(inLines(SITE, findingsOf(healthy()))).toMatch(/\nNothing is wrong\.$/);
  });

  it('is for programs as well', () => {
    const parsed: unknown = JSON.parse(inJson(SITE, findingsOf(seen)));
    expect(parsed).toMatchObject({ url: SITE, ok: false });
    expect((parsed as { findings: Finding[] }).findings.map(({ id }) => id)).toEqual([...CHECKS]);
  });
});
