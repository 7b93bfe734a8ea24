import { IMAGES, LAZY_IMAGES } from '../support/media.js';
import { bytesFor, expect, expectExact, share, test } from './stage-test.js';

test('lazy images of a first visit come from the visitor before', async ({ stage }) => {
  const a = await stage.visitor();
  await a.open('/gallery.html');
  await a.readToEnd(60);
  await stage.announced(LAZY_IMAGES.length);

  stage.site.log.clear();
  const b = await stage.visitor();
  await b.open('/gallery.html');
  await b.linked();
  await b.readToEnd();

  await expectExact(b, LAZY_IMAGES);
  expect(share(await bytesFor(b, LAZY_IMAGES), 'peer')).toBeGreaterThanOrEqual(0.9);
  const fromOrigin = new Set(stage.browserRequests('/media/images/*').map((entry) => entry.path));
  expect(LAZY_IMAGES.filter((path) => fromOrigin.has(path)).length).toBeLessThanOrEqual(4);
  expect((await a.stats()).uploaded).toBeGreaterThan(0);
});

test('images above the fold never wait for peers', async ({ stage }) => {
  const a = await stage.visitor();
  await a.open('/gallery.html');
  await a.allImagesLoaded('eager');
  await stage.announced(1);

  const b = await stage.visitor();
  await b.open('/gallery.html');
  await b.open('/gallery.html');
  await b.allImagesLoaded('eager');
  const { resources } = await b.stats();
  const aboveFold = resources.filter(({ url }) => new URL(url).pathname === IMAGES[0]);
  for (const { bytes } of aboveFold) expect(bytes.peer).toBe(0);
  await expectExact(b, [IMAGES[0] ?? '']);
});
