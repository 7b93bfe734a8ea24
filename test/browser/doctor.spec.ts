import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright';
import { freePorts } from '../../bench/support/ports.js';
import { examine } from '../../src/cli/doctor/examine.js';
import type { CheckId, Finding } from '../../src/cli/doctor/finding.js';
import { findingsOf } from '../../src/cli/doctor/findings.js';
import { systemClock } from '../../src/protocol/system-clock.js';
import { bundledWorkbox } from '../support/bundled-workbox.js';
import { IMAGES } from '../support/media.js';
import { page, tag } from '../support/pages.js';
import type { TrackerOptions } from '../../tracker-service/index.js';
import { Stage } from '../support/stage.js';
import { expect, test } from './stage-test.js';

const DIST = path.resolve(import.meta.dirname, '../../dist');
const SHOWN = IMAGES.slice(0, 3);
const WORKER = '/peerfold-sw.js';
const IMPLIED = tag('data-consent="implied"');

/** One site for all of them: what a case spoils is its own, or mended after it. */
let stage: Stage;
test.beforeAll(async () => {
  stage = await Stage.open();
});
test.afterAll(() => stage.close());
test.afterEach(() => {
  stage.site.faults.clear();
});

interface Examined {
  readonly wrong: readonly CheckId[];
  readonly of: (id: CheckId) => Finding | undefined;
}

async function examined(browser: Browser, where: string, transfer = false): Promise<Examined> {
  const how = { browser, fetch: globalThis.fetch, clock: systemClock, timeout: 8000, transfer };
  const findings = findingsOf(await examine(new URL(where, stage.site.url).href, how));
  return {
    wrong: findings.filter(({ status }) => status === 'wrong').map(({ id }) => id),
    of: (id) => findings.find((one) => one.id === id),
  };
}

function serve(where: string, head: string, images = SHOWN): void {
  const shown = images.map((src) => `<img src="${src}" alt="" width="60" height="40">`);
  stage.serve(where, page(head, shown.join('')));
}

const literal = () => ({
  hasher: `http://localhost:${stage.ports.hasher}`,
  tracker: `ws://localhost:${stage.ports.tracker}`,
});

function serveWorker(where: string, config: object = literal()): void {
  stage.serve(where, `self.peerfold = ${JSON.stringify(config)};\nimportScripts("/peerfold-worker.js");\n`);
}

/** As plugins bring them: it takes over at once, and stands between pages and network. */
const OTHER_WORKER = `
addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => event.respondWith(fetch(event.request)));
`;

/** The command as it is built, as people type it. */
function command(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const cli = [path.join(DIST, 'cli.js'), 'doctor', ...args];
    execFile(process.execPath, cli, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

test('a healthy site: every check passes, up to a transfer between two visitors', async () => {
  serve('/healthy.html', tag('data-consent="required" data-notice'));
  const { code, out, err } = await command(`${stage.site.url}/healthy.html`, '--json');
  expect(err).toBe('');
  const { ok, findings } = JSON.parse(out) as { ok: boolean; findings: Finding[] };
  expect(findings.filter(({ status }) => status !== 'ok')).toEqual([]);
  expect([ok, code]).toEqual([true, 0]);
  expect(findings.at(-1)?.says).toMatch(/the second visitor got \d+ bytes of http.* from the first/);
});

test('consent that nobody is asked for: a note, unless a script of the page says what the visitor chose', async ({
  browser,
}) => {
  const required = tag('data-consent="required"');
  serve('/unasked.html', required);
  const { wrong, of } = await examined(browser, '/unasked.html');
  expect([wrong, of('consent')?.status]).toEqual([[], 'note']);
  // As tools for consent do, which know nothing yet of a visitor who is new.
  const says = "addEventListener('load', () => peerfold.consent(false), { once: true })";
  serve('/asked.html', required + script(says));
  const asked = await examined(browser, '/asked.html');
  expect([asked.wrong, asked.of('consent')?.status]).toEqual([[], 'ok']);
});

test('a worker that has other duties, and takes visitors over with their second page', async ({
  browser,
}) => {
  serve('/duties.html', tag('data-consent="implied" data-sw="/duties-sw.js"'));
  serveWorker('/duties-sw.js');
  const { wrong, of } = await examined(browser, '/duties.html');
  expect(wrong).toEqual([]);
  expect(of('worker-scope')?.says).toContain('second page');
  expect(of('tracker')?.says).toContain('welcomed the page');
});

/** What a plugin's script does, where no survey of files sees it. */
const registering = (worker: string): string =>
  `navigator.serviceWorker.register('${worker}', { scope: '/' })`;
const script = (code: string): string => `<script>${code}</script>`;

test.describe('a site whose own worker has Peerfold in it, and which registers it itself', () => {
  const own = async (browser: Browser, text: string): Promise<void> => {
    serve(
      '/composed.html',
      script(registering('/own-sw.js')) + tag('data-consent="implied" data-sw="/own-sw.js"'),
    );
    stage.serve('/own-sw.js', text);
    const { wrong, of } = await examined(browser, '/composed.html');
    expect(wrong).toEqual([]);
    expect(of('worker-scope')?.status).toBe('ok');
    expect(of('tracker')?.says).toContain('welcomed the page');
  };

  test('by importScripts', async ({ browser }) => {
    const lines = `self.peerfold = ${JSON.stringify(literal())};\nimportScripts("/peerfold-worker.js");\n`;
    await own(browser, lines + OTHER_WORKER);
  });

  test('by Workbox', async ({ browser }) => {
    await own(browser, await bundledWorkbox(JSON.stringify(literal())));
  });
});

interface Fault {
  readonly name: string;
  readonly wrong: CheckId;
  readonly says: RegExp;
  readonly make: () => Promise<void> | void;
}

const PAGE = '/case.html';
const withPolicy = (policy: string): void => {
  serve(PAGE, IMPLIED);
  serveWorker(WORKER);
  stage.site.faults.set({ path: `${PAGE}*`, headers: { 'content-security-policy': policy } });
};

const OTHER = registering('/other-sw.js');
const RIVALS = [
  {
    name: 'a second worker, registered after ours',
    head: IMPLIED + script(`navigator.serviceWorker.ready.then(() => ${OTHER})`),
  },
  {
    name: 'a second worker, registered by pages that have one',
    head: IMPLIED + script(`if (navigator.serviceWorker.controller) ${OTHER}`),
  },
];

const FAULTS: readonly Fault[] = [
  { name: 'no tag', wrong: 'tag', says: /no script tag/, make: () => serve(PAGE, '') },
  {
    name: 'a tag whose script is missing',
    wrong: 'tag',
    says: /HTTP 404/,
    make: () => serve(PAGE, '<script async src="/js/peerfold.js" data-consent="implied"></script>'),
  },
  {
    name: 'a tag with the digest of another version',
    wrong: 'tag',
    says: /integrity/,
    make: () => serve(PAGE, tag(`integrity="sha384-${'A'.repeat(64)}" data-consent="implied"`)),
  },
  {
    name: 'no engine beside the loader',
    wrong: 'companions',
    says: /beside the loader cannot be loaded/,
    make: () => {
      serve(PAGE, IMPLIED);
      serveWorker(WORKER);
      stage.site.faults.set({ path: '/peerfold-engine.js', status: 404 });
    },
  },
  {
    name: 'a malformed attribute',
    wrong: 'attributes',
    says: /data-rollout cannot be "2"/,
    make: () => serve(PAGE, tag('data-consent="implied" data-rollout="2"')),
  },
  {
    name: 'no worker file',
    wrong: 'worker-file',
    says: /none-sw\.js answers 404/,
    make: () => serve(PAGE, tag('data-consent="implied" data-sw="/none-sw.js"')),
  },
  {
    name: 'a worker with a malformed literal',
    wrong: 'worker-literal',
    says: /^include must be a list/,
    make: () => {
      serve(PAGE, IMPLIED);
      serveWorker(WORKER, { ...literal(), include: '/media/*' });
    },
  },
  {
    name: 'a worker for other pages',
    wrong: 'worker-scope',
    says: /below .*\/js\/ only/,
    make: () => {
      serve(PAGE, tag('data-consent="implied" data-sw="/js/sw.js"'));
      serveWorker('/js/sw.js');
    },
  },
  {
    name: 'a worker of the site that was there before ours',
    wrong: 'worker-file',
    says: /other-sw\.js is this site's worker already/,
    make: () => {
      serve(PAGE, script(OTHER) + IMPLIED);
      serveWorker(WORKER);
      stage.serve('/other-sw.js', OTHER_WORKER);
      stage.site.faults.set({ path: '/peerfold.js', latencyMs: 1500 });
    },
  },
  ...RIVALS.map(({ name, head }): Fault => {
    const make = (): void => {
      serve(PAGE, head);
      serveWorker(WORKER);
      stage.serve('/other-sw.js', OTHER_WORKER);
    };
    return { name, wrong: 'worker-scope', says: /^2 workers .* replace each other/, make };
  }),
  {
    name: 'a policy that forbids the worker',
    wrong: 'csp',
    says: /forbids what is needed/,
    make: () => withPolicy("worker-src 'none'"),
  },
  {
    name: 'a policy that forbids the tag',
    wrong: 'csp',
    says: /forbids what is needed/,
    make: () => withPolicy("script-src 'none'"),
  },
  {
    name: 'a policy that forbids the services',
    wrong: 'csp',
    says: /forbids what is needed/,
    make: () => withPolicy("connect-src 'self'"),
  },
  {
    name: 'no tracker',
    wrong: 'tracker',
    says: /nothing listens there/,
    make: async () => {
      const [port = 0] = await freePorts(1);
      serve(PAGE, IMPLIED);
      serveWorker(WORKER, { ...literal(), tracker: `ws://localhost:${port}` });
    },
  },
  {
    name: 'no hash service',
    wrong: 'hasher',
    says: /nothing listens there/,
    make: async () => {
      const [port = 0] = await freePorts(1);
      serve(PAGE, IMPLIED);
      serveWorker(WORKER, { ...literal(), hasher: `http://localhost:${port}` });
    },
  },
  {
    name: 'media that must not be kept',
    wrong: 'cache-headers',
    says: /3 of 3/,
    make: () => {
      const others = IMAGES.slice(10, 13);
      serve(PAGE, IMPLIED, others);
      serveWorker(WORKER);
      for (const one of others) stage.site.faults.set({ path: one, headers: { 'cache-control': 'private' } });
    },
  },
  {
    name: 'scripts of different builds',
    wrong: 'builds',
    says: /loader is of build .* the worker of 0123456789abcdef/,
    make: async () => {
      serve(PAGE, IMPLIED);
      serveWorker(WORKER);
      const [loader, worker] = await Promise.all(
        ['peerfold.js', 'peerfold-worker.js'].map((name) => readFile(path.join(DIST, name), 'utf8')),
      );
      const build = /["'`]([0-9a-f]{16})["'`]/.exec(loader ?? '')?.[1] ?? '';
      stage.serve('/peerfold-worker.js', worker?.replaceAll(build, '0123456789abcdef') ?? '');
    },
  },
];

for (const { name, wrong, says, make } of FAULTS) {
  test(`${name}: told by ${wrong}, and nothing else is`, async ({ browser }) => {
    await make();
    const seen = await examined(browser, PAGE);
    expect(seen.wrong).toEqual([wrong]);
    expect(seen.of(wrong)?.says).toMatch(says);
  });
}

test('the kill switch: told by policy', async ({ browser }) => {
  serve(PAGE, IMPLIED);
  serveWorker(WORKER);
  await stage.setPolicy({ enabled: false });
  try {
    expect((await examined(browser, PAGE)).wrong).toEqual(['policy']);
  } finally {
    await stage.setPolicy({ enabled: true });
  }
});

test('a hash service for another site: told by hasher-site', async ({ browser }) => {
  const other = await Stage.open();
  try {
    serve(PAGE, IMPLIED);
    serveWorker(WORKER, { ...literal(), hasher: `http://localhost:${other.ports.hasher}` });
    expect((await examined(browser, PAGE)).wrong).toEqual(['hasher-site']);
  } finally {
    await other.close();
  }
});

test('visitors with signals and no way to each other: told by transfer, and not laid to the tracker', async ({
  browser,
}) => {
  // Nothing is allowed but a server that is not there.
  const [port = 0] = await freePorts(1);
  const turn = [{ urls: `turn:127.0.0.1:${port}`, username: 'u', credential: 'c' }];
  serve(PAGE, tag(`data-consent="implied" data-relay-only data-ice-servers='${JSON.stringify(turn)}'`));
  serveWorker(WORKER);
  const { wrong, of } = await examined(browser, PAGE, true);
  expect(wrong).toEqual(['transfer']);
  expect(of('transfer')?.says).toContain('exchange signals');
  expect(of('transfer')?.change).toContain('TURN servers');
});

test.describe('a tracker that is up', () => {
  /** What is told of a page with a tracker of its own. */
  async function withTracker(
    browser: Browser,
    options: TrackerOptions,
    transfer: boolean,
  ): Promise<Examined> {
    const url = pathToFileURL(path.join(DIST, 'tracker.js')).href;
    const { createTracker } = (await import(url)) as typeof import('../../tracker-service/index.js');
    const tracker = await createTracker({ operationsPort: 0, logLevel: 'silent', ...options });
    try {
      const address = await tracker.listen({ port: 0, host: '127.0.0.1' });
      serve(PAGE, IMPLIED);
      serveWorker(WORKER, { ...literal(), tracker: address.url });
      return await examined(browser, PAGE, transfer);
    } finally {
      await tracker.close();
    }
  }

  test('with a token that the hash service does not take: told by transfer, not as UDP', async ({
    browser,
  }) => {
    const options = { hasher: literal().hasher, hasherToken: 'wrong' };
    const { wrong, of } = await withTracker(browser, options, true);
    expect(wrong).toEqual(['transfer']);
    expect(of('transfer')?.change).toContain('--hasher-token');
  });

  test('with a hash service that is not: told by tracker, not as its address', async ({ browser }) => {
    const [port = 0] = await freePorts(1);
    const options = { hasher: `http://localhost:${port}`, hasherToken: 'any' };
    const { wrong, of } = await withTracker(browser, options, false);
    expect(wrong).toEqual(['tracker']);
    expect(of('tracker')?.change).toContain('--hasher: is that hash service up');
  });
});

test('a page that does not come: told by page, with the reason', async ({ browser }) => {
  const [port = 0] = await freePorts(1);
  const reason = async (where: string): Promise<string | undefined> => {
    const seen = await examined(browser, where);
    expect(seen.wrong).toEqual(['page']);
    return seen.of('page')?.says;
  };
  expect(await reason(`http://localhost:${port}/`)).toContain('ERR_CONNECTION_REFUSED');
  expect(await reason('/nothing.html')).toContain('answers 404');
  stage.site.faults.set({ path: PAGE, redirect: `http://127.0.0.1:${new URL(stage.site.url).port}/` });
  expect(await reason(PAGE)).toContain('leads to http://127.0.0.1');
});

test('what is no address is not understood', async () => {
  const { code, err } = await command('www.example.com');
  expect([code, err]).toEqual([2, expect.stringContaining('"www.example.com" is no address of a page')]);
});
