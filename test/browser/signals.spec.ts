import { IMPLIED, SHELF, SHELF_LAZY, shelf, tag } from '../support/pages.js';
import type { Stage } from '../support/stage.js';
import { TurnServer } from '../support/turn-server.js';
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

/** Notes what this visitor's connections may use, and which candidates they have: their own, and those of others. */
async function noteCandidates({ page }: Visitor): Promise<void> {
  await page.addInitScript(() => {
    window.policies = [];
    window.candidates = { own: [], theirs: [] };
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        window.policies.push(configuration?.iceTransportPolicy ?? 'none');
        this.addEventListener('icecandidate', ({ candidate }) => {
          if (candidate?.candidate) window.candidates.own.push(candidate.candidate);
        });
      }
      override addIceCandidate(candidate?: RTCIceCandidateInit | null): Promise<void> {
        if (candidate?.candidate) window.candidates.theirs.push(candidate.candidate);
        return super.addIceCandidate(candidate ?? undefined);
      }
    };
  });
}

declare global {
  interface Window {
    policies: string[];
    candidates: { own: string[]; theirs: string[] };
  }
}

test('relayed links only: without a relay there is none, and everything comes over HTTP', async ({
  stage,
}) => {
  await seedShelf(stage);
  stage.serve(SHELF, shelf(tag(`${IMPLIED} data-relay-only`)));
  const second = await stage.visitor();
  await noteCandidates(second);
  await second.open(SHELF);
  await second.page.waitForFunction(() => window.policies.length > 0);
  await second.readToEnd(100);
  const { policies, candidates } = await second.page.evaluate(() => ({
    policies: window.policies,
    candidates: window.candidates,
  }));
  expect(new Set(policies)).toEqual(new Set(['relay']));
  expect(candidates.own).toEqual([]);
  expect((await second.stats()).links).toBe(0);
  expect((await bytesFor(second, SHELF_LAZY)).peer).toBe(0);
});

test('relayed links only: through a relay peers deliver, and nobody learns more than its address', async ({
  stage,
}) => {
  const relay = await TurnServer.open();
  try {
    stage.serve(SHELF, shelf(tag(`${IMPLIED} data-relay-only`)));
    await stage.stopHasher();
    await stage.startHasher(relay.options);
    await seedShelf(stage);
    const second = await stage.visitor();
    await noteCandidates(second);
    await second.open(SHELF);
    await second.linked();
    await second.readToEnd(250);
    expect(share(await bytesFor(second, SHELF_LAZY), 'peer')).toBeGreaterThan(0);
    const { own, theirs } = await second.page.evaluate(() => window.candidates);
    for (const seen of [own, theirs]) {
      expect(seen.length).toBeGreaterThan(0);
      expect(seen.filter((candidate) => !candidate.includes(' typ relay '))).toEqual([]);
    }
  } finally {
    relay.close();
  }
});
