import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { expect, test, type Page } from 'playwright/test';
import type { ByteLength } from '../../src/core/brands.js';
import { readPlaylist } from '../../src/page/playlists.js';
import type { PlaylistsModule } from '../../src/page/playlists/reading.js';
import { createIdentity, open, seal } from '../../src/protocol/seal.js';
import { piecesRoot } from '../support/bep52.js';
import { createIssuer } from '../support/issuer.js';
import { addressOf, playlistText } from '../support/playlists.js';
import { DIGEST_CLAIMS, SITE } from '../support/samples.js';

/**
 * That the bundles start in a browser at all (no Node global is missing), and that what both sides
 * of the wire compute is the same in a browser as in Node.
 */
type Contract = typeof import('../../src/core/merkle.js') &
  typeof import('../../src/protocol/seal.js') &
  typeof import('../../src/protocol/system-clock.js') &
  typeof import('../../src/verify/keys.js') &
  typeof import('../../src/verify/statements.js');

declare global {
  /** In the page: what `openContract` put there. */
  var contract: Contract;
}

const ORIGIN = 'http://localhost:9';
const ROOT_FOLDER = path.resolve(import.meta.dirname, '../..');
const CONTRACT = [
  'core/merkle',
  'protocol/seal',
  'protocol/system-clock',
  'verify/keys',
  'verify/statements',
];

async function openBlank(page: Page): Promise<void> {
  await page.route(`${ORIGIN}/`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>page</title>' }),
  );
  await page.goto(`${ORIGIN}/`);
}

async function openContract(page: Page): Promise<void> {
  const contents = CONTRACT.map((file) => `export * from './src/${file}.js';`).join('\n');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: ROOT_FOLDER },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'contract',
    platform: 'browser',
  });
  await openBlank(page);
  await page.addScriptTag({ content: outputFiles[0]?.text ?? '' });
}

for (const name of [
  'peerfold-engine.js',
  'peerfold-beacons.js',
  'peerfold-notice.js',
  'peerfold-overlay.js',
  'peerfold-players.js',
  'peerfold-playlists.js',
  'index.js',
]) {
  test(`${name} starts without faults`, async ({ page }) => {
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    const body = await readFile(path.join(ROOT_FOLDER, 'dist', name), 'utf8');
    await page.route(`${ORIGIN}/${name}`, (route) => route.fulfill({ contentType: 'text/javascript', body }));
    await openBlank(page);
    const exported = await page.evaluate(
      async (url) => Object.keys((await import(url)) as object),
      `/${name}`,
    );
    expect(exported).not.toEqual([]);
    expect(faults).toEqual([]);
  });
}

test('playlists say the same to the parser of a browser', async ({ page }) => {
  const body = await readFile(path.join(ROOT_FOLDER, 'dist/peerfold-playlists.js'), 'utf8');
  await page.route(`${ORIGIN}/playlists.js`, (route) =>
    route.fulfill({ contentType: 'text/javascript', body }),
  );
  await openBlank(page);
  const url = addressOf('list');
  const now = Date.UTC(2026, 0, 1);
  const names = ['master.m3u8', 'on-demand.m3u8', 'numbers.mpd', 'timeline.mpd', 'list.mpd', 'periods.mpd'];
  const texts = [...names, 'live-numbers.mpd', 'live-timeline.mpd'].map(playlistText);
  const read = await page.evaluate(
    async ({ all, base, time }) => {
      const { readPlaylist } = (await import(`${location.origin}/playlists.js`)) as PlaylistsModule;
      const failed = ['<MPD>', '<MPD><Period/></MPD>'].map((text) => {
        try {
          return [...readPlaylist(base, text, time)].length;
        } catch (error) {
          return String(error);
        }
      });
      return { failed, found: all.map((text) => [...readPlaylist(base, text, time)]) };
    },
    { all: texts, base: url, time: now },
  );
  expect(read.found).toEqual(texts.map((text) => [...readPlaylist(url, text, now)]));
  expect(read.failed).toEqual(['Error: DASH_INVALID_XML', 0]);
});

test('roots are the same by WebCrypto in a browser', async ({ page }) => {
  await openContract(page);
  for (const length of [1, 16_384, 16_385, 65_537, 300_000]) {
    const root = await page.evaluate(async (size) => {
      const bytes = Uint8Array.from({ length: size }, (_, i) => i * 31 + (i >> 8) * 7);
      const sha256 = async (data: BufferSource) =>
        new Uint8Array(await crypto.subtle.digest('SHA-256', data));
      const cut = { length: size as ByteLength, piece: 65_536 as ByteLength };
      return (await contract.hashWhole(sha256, cut, bytes)).root;
    }, length);
    expect(root).toBe(piecesRoot(Uint8Array.from({ length }, (_, i) => i * 31 + (i >> 8) * 7)));
  }
});

test('boxes sealed in a browser open in Node', async ({ page }) => {
  await openContract(page);
  const me = await createIdentity();
  const { key, box } = await page.evaluate(async (to) => {
    const identity = await contract.createIdentity();
    const sealed = await contract.seal(to, 'info', new Uint8Array([1, 2, 3]), identity);
    return { key: identity.publicKey, box: sealed };
  }, me.publicKey);
  expect(await open(me, 'info', box, key)).toEqual(Uint8Array.of(1, 2, 3));
});

test('boxes sealed in Node open in a browser', async ({ page }) => {
  await openContract(page);
  const identity = await page.evaluateHandle(() => contract.createIdentity());
  const box = await seal(await identity.evaluate(({ publicKey }) => publicKey), 'info', Uint8Array.of(4, 5));
  const opened = await identity.evaluate(
    async (me, sealed) => [...((await contract.open(me, 'info', sealed)) ?? [])],
    box,
  );
  expect(opened).toEqual([4, 5]);
});

for (const algorithm of ['EdDSA', 'ES256'] as const) {
  test(`tokens signed with ${algorithm} are verified in a browser`, async ({ page }) => {
    await openContract(page);
    const issuer = await createIssuer('key-1', algorithm);
    const now = Math.floor(Date.now() / 1000);
    const token = await issuer.sign('peerfold-digest+jwt', { ...DIGEST_CLAIMS, iat: now, exp: now + 60 });
    const forged = token.replace(/[^.]+$/, (signature) => 'A'.repeat(signature.length));
    const verdicts = await page.evaluate(
      async ({ jwk, tokens, site }) => {
        const keys = await contract.readKeySet({ keys: [jwk] });
        const find = (kid: string) => Promise.resolve(keys.get(kid));
        const using = { keys: { find }, clock: contract.systemClock };
        const checked = await Promise.all(tokens.map((each) => contract.verifyDigest(each, site, using)));
        return checked.map(({ verdict }) => verdict);
      },
      { jwk: issuer.publicJwk, tokens: [token, forged], site: SITE },
    );
    expect(verdicts).toEqual(['verified', 'unsigned']);
  });
}
