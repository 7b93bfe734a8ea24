import { readFile } from 'node:fs/promises';
import type { Download } from 'playwright';
import { digestOf } from '../support/in-page.js';
import { FILM, originSha256, sha256 } from '../support/media.js';
import { IMPLIED, page, tag } from '../support/pages.js';
import type { Stage } from '../support/stage.js';
import type { Visitor } from '../support/visitor.js';
import { bytesFor, expect, share, test } from './stage-test.js';

const SAVING = '/saving.html';
const NAME = 'Ebbe & “Flut” 100%.mp4';

/** A page with a link to save the film by. */
function saving(stage: Stage, head: string): void {
  stage.serve(SAVING, page(head, `<a id="save" download="${NAME}" href="${FILM}">Save</a>`));
}

/** Somebody who has read the film and offers it. */
async function holder(stage: Stage, attributes = IMPLIED): Promise<Visitor> {
  saving(stage, tag(attributes));
  const visitor = await stage.visitor();
  await visitor.open(SAVING);
  expect(await visitor.page.evaluate(digestOf, FILM)).toBe(originSha256(FILM));
  await stage.announced(1);
  return visitor;
}

/** Somebody whose page knows what the film is, and who has it. */
async function linked(stage: Stage, head = tag()): Promise<Visitor> {
  saving(stage, head);
  const visitor = await stage.visitor();
  await visitor.open(SAVING);
  await visitor.linked();
  return visitor;
}

async function save(visitor: Visitor): Promise<Download> {
  const saved = visitor.page.waitForEvent('download');
  await visitor.page.click('#save');
  return saved;
}

async function expectFilm(download: Download): Promise<void> {
  expect(download.suggestedFilename()).toBe(NAME);
  expect(sha256(await readFile(await download.path()))).toBe(originSha256(FILM));
}

/** Bytes that the page's worker gave, once the answer is over. */
async function sources(visitor: Visitor) {
  await visitor.page.waitForFunction(
    (path) => window.peerfold.stats().resources.some(({ url }) => url.endsWith(path)),
    FILM,
  );
  return bytesFor(visitor, [FILM]);
}

test('a file that is saved comes from other visitors, under its name, byte for byte', async ({ stage }) => {
  await holder(stage);
  const visitor = await linked(stage);
  // On this machine it is quicker than any peer.
  stage.site.faults.set({ path: FILM, bytesPerSecond: 1_000_000 });
  await expectFilm(await save(visitor));
  expect(share(await sources(visitor), 'peer')).toBeGreaterThan(0.5);
  expect(visitor.page.url()).toContain(SAVING);
  await expectFilm(await save(visitor));
});

test('peers that are slow give a part, the origin the rest', async ({ stage }) => {
  await holder(stage, 'data-consent="implied" data-upload="500000"');
  const visitor = await linked(stage);
  await expectFilm(await save(visitor));
  const bytes = await sources(visitor);
  expect(bytes.peer).toBeGreaterThan(0);
  expect(bytes.http).toBeGreaterThan(bytes.peer);
});

test('an origin that fails is not missed where peers have the file', async ({ stage }) => {
  // All of it from one visitor, and a piece or two twice: more than that visitor has received.
  await holder(stage, `${IMPLIED} data-upload-ratio="2"`);
  const visitor = await linked(stage);
  stage.site.faults.set({ path: FILM, status: 503 });
  await expectFilm(await save(visitor));
  expect((await sources(visitor)).http).toBe(0);
});

test('where frames are forbidden the browser saves the file by itself', async ({ stage }) => {
  await holder(stage);
  const policy = `<meta http-equiv="Content-Security-Policy" content="frame-src 'none'">`;
  const visitor = await linked(stage, policy + tag());
  await expectFilm(await save(visitor));
  expect((await bytesFor(visitor, [FILM])).peer).toBe(0);
});

test('before consent the browser saves the file by itself', async ({ stage }) => {
  saving(stage, tag('data-consent="required"'));
  const visitor = await stage.visitor();
  await visitor.page.goto(stage.site.url + SAVING);
  await expectFilm(await save(visitor));
  expect(stage.hasherRequests).toEqual([]);
});
