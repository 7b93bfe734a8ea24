import { IMPLIED, SHELF, SHELF_LAZY, shelf, tag } from '../support/pages.js';
import type { Stage } from '../support/stage.js';
import type { Visitor } from '../support/visitor.js';
import { bytesFor, expect, share, test } from './stage-test.js';

/** Notes every frame that passes between this visitor and the tracker, whichever way. */
function trackerLog(visitor: Visitor): string[] {
  const log: string[] = [];
  visitor.page.on('websocket', (socket) => {
    const note = ({ payload }: { payload: string | Buffer }): void => {
      log.push(payload.toString());
    };
    socket.on('framesent', note).on('framereceived', note);
  });
  return log;
}

async function seedShelf(stage: Stage): Promise<{ visitor: Visitor; log: string[] }> {
  const visitor = await stage.visitor();
  const log = trackerLog(visitor);
  await visitor.open(SHELF);
  await visitor.readToEnd(100);
  await stage.announced(SHELF_LAZY.length);
  return { visitor, log };
}

test('the tracker sees no address of anybody, and nothing that tells who speaks to whom', async ({
  stage,
}) => {
  const { log } = await seedShelf(stage);
  const second = await stage.visitor();
  const secondLog = trackerLog(second);
  await second.open(SHELF);
  await second.linked();
  await second.readToEnd(250);
  expect(share(await bytesFor(second, SHELF_LAZY), 'peer')).toBeGreaterThan(0);
  const seen = [...log, ...secondLog];
  expect(seen.filter((text) => text.includes('"signal"')).length).toBeGreaterThanOrEqual(4);
  for (const text of seen) expect(text).not.toMatch(/candidate:|fingerprint|ice-ufrag|\.local\b/);
});

test('relayed links only: without a relay there is none, and everything comes over HTTP', async ({
  stage,
}) => {
  await seedShelf(stage);
  stage.serve(SHELF, shelf(tag(`${IMPLIED} data-relay-only`)));
  const second = await stage.visitor();
  await second.page.addInitScript(() => {
    const policies: string[] = [];
    Object.assign(window, { policies });
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        policies.push(configuration?.iceTransportPolicy ?? 'none');
        this.addEventListener('icecandidate', ({ candidate }) => {
          if (candidate?.candidate) policies.push(candidate.candidate);
        });
      }
    };
  });
  await second.open(SHELF);
  await second.page.waitForFunction(() => (window as unknown as { policies: string[] }).policies.length > 0);
  await second.readToEnd(100);
  const policies = await second.page.evaluate(() => (window as unknown as { policies: string[] }).policies);
  expect(new Set(policies)).toEqual(new Set(['relay']));
  expect((await second.stats()).links).toBe(0);
  expect((await bytesFor(second, SHELF_LAZY)).peer).toBe(0);
});
