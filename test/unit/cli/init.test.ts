import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { changeOf, putInPlace, readBundles } from '../../../src/cli/init-files.js';
import { findFolder } from '../../../src/cli/init-folder.js';
import { missingIn, patternsFor, scriptTag, workerText } from '../../../src/cli/init-literal.js';
import { planInit, type InitOptions, type Plan } from '../../../src/cli/init-plan.js';
import { told } from '../../../src/cli/init-text.js';

const HASHER = 'https://hash.example.com';
const TRACKER = 'wss://tracker.example.com';
const BUNDLES = new Map(
  ['peerfold.js', 'peerfold-engine.js', 'peerfold-worker.js'].map((name) => [
    name,
    Buffer.from(`// ${name}`),
  ]),
);

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'peerfold-init-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

function planned(folder: string, options: Partial<InitOptions> = {}): Promise<Plan> {
  return planInit({
    ...{ folder, base: '/', bundles: BUNDLES, hasher: HASHER, tracker: TRACKER, include: [] },
    newWorker: false,
    ...options,
  });
}

function textOf(plan: Plan, how: Partial<Parameters<typeof told>[1]> = {}): string {
  const usual = { folder: 'public', copied: false, why: undefined, base: '/', dryRun: false } as const;
  return told(plan, { ...usual, consent: 'required', include: [], bundles: BUNDLES, ...how });
}

describe('the folder that is served', () => {
  it.each([
    [{ 'public/index.html': '', 'docs/guide.md': '' }, 'public', false],
    [{ 'index.html': '', 'images/a.jpg': '' }, '.', false],
    [{ '_site/index.html': '' }, '_site', false],
    [{ 'package.json': '{"dependencies":{"next":"16"}}', 'public/robots.txt': '' }, 'public', true],
    [
      { 'package.json': '{"devDependencies":{"vite":"8"}}', 'index.html': '', 'public/a.svg': '' },
      'public',
      true,
    ],
    [
      { 'package.json': '{"devDependencies":{"@sveltejs/kit":"2","vite":"8"}}', 'static/a.svg': '' },
      'static',
      true,
    ],
    [{ 'package.json': 'broken', 'www/index.html': '' }, 'www', false],
  ])('of %j is %s; what a build copies from: %s', async (files, folder, copied) => {
    expect(await findFolder(await folderWith(files))).toMatchObject({ folder, copied });
  });

  it('is asked for when several may be it, with what to type', async () => {
    const cwd = await folderWith({ 'public/index.html': '', 'dist/index.html': '' });
    await expect(findFolder(cwd)).rejects.toThrow(
      /public, dist all hold an index\.html[^]*npx peerfold init public\n +npx peerfold init dist/,
    );
  });

  it('is asked for when none may be it, with what was seen', async () => {
    await expect(findFolder(await folderWith({ 'static/a.css': '' }))).rejects.toThrow(
      'there is static, without an index.html; say it, such as: npx peerfold init static',
    );
    await expect(findFolder(await folderWith({ 'a.txt': '' }))).rejects.toThrow('npx peerfold init FOLDER');
  });

  it('has to be there where a framework names it', async () => {
    const cwd = await folderWith({ 'package.json': '{"dependencies":{"next":"16"}}' });
    await expect(findFolder(cwd)).rejects.toThrow('next in package.json serves what lies in public');
  });
});

describe('a fresh site', () => {
  it('gets the scripts and a worker file, and is told the tag with and without its digest', async () => {
    const folder = await folderWith({ 'index.html': '', 'film.mp4': '' });
    const plan = await planned(folder);
    await putInPlace(folder, plan.files);
    expect((await readdir(folder)).sort()).toEqual(
      ['film.mp4', 'index.html', 'peerfold-sw.js', ...BUNDLES.keys()].sort(),
    );
    expect(await readFile(join(folder, 'peerfold-sw.js'), 'utf8')).toBe(
      `self.peerfold = {\n  hasher: '${HASHER}',\n  tracker: '${TRACKER}',\n};\nimportScripts('/peerfold-worker.js');\n`,
    );
    const text = textOf(plan);
    expect(text).toContain('new  public/peerfold-sw.js');
    expect(text).toContain('<script async src="/peerfold.js" data-consent="required"></script>');
    expect(text).toMatch(/src="\/peerfold\.js" integrity="sha384-[A-Za-z0-9+/]{64}" data-consent/);
    expect(text).toContain('peerfold.consent(true)');
    expect(text).toContain(`npx peerfold tracker --hasher ${HASHER} --hasher-token "$(cat`);
  });

  it('is asked where the services will be', async () => {
    const folder = await folderWith({});
    await expect(planned(folder, { hasher: undefined })).rejects.toThrow(/--hasher http:\/\/localhost:8081/);
    await expect(planned(folder, { tracker: 'https://x' })).rejects.toThrow(/--tracker must be ws:/);
    await expect(planned(folder, { include: ['media'] })).rejects.toThrow(/--include must be a list/);
  });

  it('may lie below a path', async () => {
    const folder = await folderWith({ 'hls/a/1.m4s': '', 'hls/b/1.m4s': '' });
    const plan = await planned(folder, { base: '/shop/' });
    const worker = plan.files.find(({ name }) => name === 'peerfold-sw.js')?.content.toString() ?? '';
    expect(worker).toContain("include: ['/shop/hls/*']");
    expect(worker).toContain("importScripts('/shop/peerfold-worker.js')");
    expect(textOf(plan, { base: '/shop/' })).toContain(
      '<script async src="/shop/peerfold.js" data-consent="required" data-sw="/shop/peerfold-sw.js">',
    );
  });
});

describe('what is included', () => {
  it.each([
    [['media/hls/v0/1.m4s', 'media/hls/v1/1.m4s', 'media/hls/index.m3u8'], ['/media/hls/*']],
    [['live/1.ts'], ['/live/*']],
    [['1.m4s', 'index.m3u8'], ['*.m4s']],
    [
      ['a/x/1.m4s', 'b/1.m4s'],
      ['/a/x/*', '/b/*'],
    ],
    [['ab/1.m4s', 'ab/c/1.m4s'], ['/ab/*']],
    [[], []],
  ])('of %j are %j', (segments, patterns) => {
    expect(patternsFor(segments, '/')).toEqual(patterns);
  });

  it('is said with the reason', async () => {
    const folder = await folderWith({ 'media/index.m3u8': '', 'media/1.ts': '' });
    expect(textOf(await planned(folder))).toContain('from /media/*, because media/1.ts and 1 more files');
    expect(textOf(await planned(folder, { include: ['/x/*'] }), { include: ['/x/*'] })).toContain(
      'what pages fetch by script from /x/*.',
    );
  });

  it('is no TypeScript', async () => {
    expect((await planned(await folderWith({ 'src/a.ts': '' }))).survey.segments).toEqual([]);
  });
});

describe('an existing worker', () => {
  const ITS = 'self.addEventListener("fetch", () => {});';

  it.each([
    [{ 'sw.js': '' }, '/sw.js'],
    [{ 'worker.js': ITS }, '/worker.js'],
    [{ 'service-worker.js': 'importScripts("https://cdn.example/workbox-sw.js")' }, '/service-worker.js'],
    [{ 'index.html': "<script>navigator.serviceWorker.register('/app-sw.js')</script>" }, '/app-sw.js'],
    [{ 'main.js': 'new Workbox("/w.js").register()' }, '/w.js'],
    [{ 'main.js': 'navigator.serviceWorker.register(url)' }, '/YOUR-WORKER.js'],
    [{ 'peerfold-sw.js': ITS }, '/peerfold-sw.js'],
  ])('as in %j is not overwritten; the lines to add are shown', async (files, address) => {
    const folder = await folderWith(files);
    const plan = await planned(folder);
    expect(plan.worker).toMatchObject({ is: 'theirs', address });
    expect(plan.files.map(({ name }) => name)).toEqual([...BUNDLES.keys()]);
    await putInPlace(folder, plan.files);
    for (const [name, content] of Object.entries(files))
      expect(await readFile(join(folder, name), 'utf8')).toBe(content);
    const text = textOf(plan);
    expect(text).toContain("importScripts('/peerfold-worker.js');");
    expect(text.includes('composed: true')).toBe(address === '/peerfold-sw.js');
    if (address !== '/peerfold-sw.js') expect(text).toContain(`data-sw="${address}"`);
  });

  it.each([
    [{ 'app/sw.js': ITS }],
    [{ 'peerfold.js': 'new Workbox(a).register()' }],
    [{ 'a.js': 'addEventListener("click")' }],
    [{ 'node_modules/x/sw.js': ITS }],
  ])('is not taken to be in %j', async (files) => {
    expect((await planned(await folderWith(files))).worker.is).toBe('written');
  });

  it('that is not in use is passed over when told so, and still not overwritten', async () => {
    const other = await planned(await folderWith({ 'sw.js': ITS }), { newWorker: true });
    expect(other.worker.is).toBe('written');
    const same = await planned(await folderWith({ 'peerfold-sw.js': ITS }), { newWorker: true });
    expect(same.worker.is).toBe('theirs');
  });

  it('that imports ours stays as it is: an upgrade replaces the scripts only', async () => {
    const own = `self.peerfold = {};\n${workerText({ hasher: HASHER, tracker: TRACKER, include: [] }, '/')}`;
    const folder = await folderWith({ 'sw.js': own, 'peerfold.js': 'old' });
    const plan = await planned(folder, { hasher: undefined, tracker: undefined });
    expect(plan.worker).toEqual({ is: 'kept', file: 'sw.js', address: '/sw.js', missing: [] });
    expect(plan.files.map(changeOf)).toEqual(['changed', 'new', 'new']);
    await putInPlace(folder, plan.files);
    expect(await readFile(join(folder, 'sw.js'), 'utf8')).toBe(own);
    expect(await readFile(join(folder, 'peerfold.js'), 'utf8')).toBe('// peerfold.js');
    expect((await planned(folder)).files.map(changeOf)).toEqual(['same', 'same', 'same']);
    expect(textOf(plan)).toContain('public/sw.js is as you left it.');
  });
});

describe('a worker file that is there, and what is given', () => {
  const OWN = workerText({ hasher: HASHER, tracker: TRACKER, include: ['/a/*', '/b/*'] }, '/');

  it.each<[Partial<InitOptions>, string[]]>([
    [{}, []],
    [{ hasher: `${HASHER}/`, tracker: undefined, include: ['/b/*'] }, []],
    [{ hasher: 'https://new.example.com' }, ["hasher: 'https://new.example.com'"]],
    [
      { tracker: 'wss://new.example.com', static: true },
      ["tracker: 'wss://new.example.com'", 'static: true'],
    ],
    [{ include: ['/a/*', '/c/*'] }, ["include: ['/a/*', '/c/*']"]],
  ])('%j: what it does not say is named, and not written', async (given, missing) => {
    const folder = await folderWith({ 'peerfold-sw.js': OWN });
    const plan = await planned(folder, given);
    expect(plan.worker).toMatchObject({ is: 'kept', missing });
    expect(plan.files.map(({ name }) => name)).not.toContain('peerfold-sw.js');
    const text = textOf(plan);
    expect(text.includes('was NOT written')).toBe(missing.length > 0);
    for (const field of missing) expect(text).toContain(`  ${field},`);
  });

  it('is not changed by nonsense either, which is refused', async () => {
    const folder = await folderWith({ 'peerfold-sw.js': OWN });
    await expect(planned(folder, { hasher: 'nonsense' })).rejects.toThrow(/--hasher must be/);
    await expect(planned(folder, { hasher: undefined, tracker: 'x' })).rejects.toThrow(/--tracker must be/);
    await expect(planned(folder, { include: ['media'] })).rejects.toThrow(/--include must be a list/);
  });
});

describe('a worker file and what was signed', () => {
  const ADDRESS = 'https://www.example.com/.peerfold';
  const BOTH = [`hasher: '${ADDRESS}'`, 'static: true'];
  const literal = { hasher: ADDRESS, tracker: TRACKER, include: ['/a/*', '/b*/c'], static: true };

  it.each([
    [workerText(literal, '/'), []],
    [`self.peerfold={static:!0,"hasher":"${ADDRESS}/",tracker:"${TRACKER}"};importScripts("/x")`, []],
    [`/* self.peerfold = {} */ self.peerfold = { // it's a {\n hasher: \`${ADDRESS}\`, static: true };`, []],
    [workerText({ ...literal, static: false }, '/'), ['static: true']],
    [workerText({ ...literal, hasher: `${ADDRESS}2` }, '/'), [`hasher: '${ADDRESS}'`]],
    [`self.peerfold = {\n  hasher: '${ADDRESS}',\n  // static: true,\n};`, ['static: true']],
    [`self.peerfold = { hasher: place, static: false };`, BOTH],
    [`other = { hasher: '${ADDRESS}', static: true }; self.peerfold = {};`, BOTH],
    ["importScripts('/peerfold-site.js', '/peerfold-worker.js');", BOTH],
  ])('as in %s: missing is %j', (text, missing) => {
    expect(missingIn(text, { hasher: ADDRESS, static: true })).toEqual(missing);
  });

  it('whose address nobody knows: only whether it is signed', () => {
    expect(missingIn("self.peerfold = { hasher: 'https://x', static: true };", { static: true })).toEqual([]);
    expect(missingIn("self.peerfold = { hasher: 'https://x' };", { static: true })).toEqual(['static: true']);
  });
});

describe('files', () => {
  it('are all put in place, or none', async () => {
    const folder = await folderWith({ 'peerfold.js': 'old' });
    const { files } = await planned(folder);
    // Became a folder meanwhile, and is the last to be moved.
    await mkdir(join(folder, 'peerfold-sw.js'));
    await expect(putInPlace(folder, files)).rejects.toThrow('nothing was changed');
    expect((await readdir(folder)).sort()).toEqual(['peerfold-sw.js', 'peerfold.js']);
    expect(await readFile(join(folder, 'peerfold.js'), 'utf8')).toBe('old');
  });

  it('that are in the way are named before anything is done', async () => {
    const folder = await folderWith({ 'peerfold-engine.js/x': '' });
    await expect(planned(folder)).rejects.toThrow(/peerfold-engine\.js is in the way/);
  });

  it('come from beside the command: all scripts for browsers with their source maps, and nothing else', async () => {
    const beside = await folderWith({
      ...{
        'peerfold.js': 'a',
        'peerfold-engine.js': 'b',
        'peerfold-worker.js': 'c',
        'peerfold-notice.js': 'd',
      },
      ...{ 'cli.js': '', 'peerfold.js.map': '', 'index.js.map': '', 'hasher.js': '' },
    });
    expect([...(await readBundles(beside)).keys()]).toEqual([
      'peerfold-engine.js',
      'peerfold-notice.js',
      'peerfold-worker.js',
      'peerfold.js',
      'peerfold.js.map',
    ]);
    await rm(join(beside, 'peerfold-worker.js'));
    await expect(readBundles(beside)).rejects.toThrow('peerfold-worker.js is missing');
  });
});

it('of a site that is signed names no service', async () => {
  const plan = await planned(await folderWith({ 'index.html': '' }), { static: true });
  const text = textOf(plan);
  expect(text).toContain('npx peerfold sign public');
  expect(text).not.toContain('peerfold hasher');
  const worker = plan.files.find(({ name }) => name === 'peerfold-sw.js');
  expect(Buffer.from(worker?.content ?? '').toString()).toContain('static: true,');
});

it('writes text that stays text', () => {
  const text = workerText({ hasher: "https://x/'", tracker: TRACKER, include: ["/it's/*"] }, '/');
  expect(text).toContain(String.raw`'/it\'s/*'`);
  expect(scriptTag({ base: '/', consent: 'implied', worker: '/peerfold-sw.js' })).not.toContain('data-sw');
});
