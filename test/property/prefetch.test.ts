import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pieceSpan } from '../../src/core/pieces.js';
import type { WorkerMessage } from '../../src/protocol/bridge.js';
import { MAX_PEER_WAIT } from '../../sw/bridge.js';
import { holds } from '../support/property.js';
import { visitTo, type Visit } from '../support/visits.js';
import { expectSame, piece, urlOf, type TestPage } from '../support/worker-rig.js';

const FILM = '/media/film.mp4';
const PIECE = 2 ** 18;
const PIECES = 24;
type Need = Extract<WorkerMessage, { t: 'need' }>;

const place = fc.integer({ min: 0, max: PIECES - 1 });
/** What happens on the page and among peers, in any order. */
const step = fc.oneof(
  fc.record({ do: fc.constant('list' as const), from: place, pieces: fc.integer({ min: 0, max: 12 }) }),
  fc.record({ do: fc.constant('request' as const), from: place, wait: fc.constantFrom(0, 300) }),
  fc.record({ do: fc.constant('bring' as const), which: fc.nat(50) }),
  fc.record({
    do: fc.constant('miss' as const),
    which: fc.nat(20),
    reason: fc.constantFrom('no-peers', 'deadline'),
  }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(20, 700, 6000) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function openNeeds(page: TestPage): Need[] {
  const over = page.all('cancel').map(({ id }) => id);
  return page.all('need').filter(({ id }) => !over.includes(id));
}

/** Only what is asked for ahead may wait so long. */
function isAhead({ wait }: Need): boolean {
  return wait >= MAX_PEER_WAIT;
}

/** Nothing is asked for ahead twice, nor ahead of a request that asks for it. */
function expectOnce(page: TestPage): void {
  const ahead = openNeeds(page)
    .filter(isAhead)
    .flatMap(({ pieces }) => pieces);
  expect(new Set(ahead).size).toBe(ahead.length);
  const requested = openNeeds(page)
    .filter((need) => !isAhead(need))
    .flatMap(({ pieces }) => pieces);
  for (const index of ahead) expect(requested).not.toContain(index);
}

function bring({ page, signed, bytes }: Visit, which: number): void {
  const wanted = openNeeds(page).flatMap(({ pieces }) => pieces);
  const index = wanted[which % Math.max(1, wanted.length)];
  if (index === undefined) return;
  const { start, end } = pieceSpan(signed.cut, piece(index));
  page.say({ t: 'piece', root: signed.root, index, from: 1, bytes: bytes.slice(start, end) });
}

/** Whatever the reason, the engine ends needs of requests; those that last go on without peers. */
function miss({ page }: Visit, { which, reason }: Step & { do: 'miss' }): void {
  const needs = openNeeds(page);
  const need = needs[which % Math.max(1, needs.length)];
  if (need) page.say({ t: 'miss', id: need.id, reason: reason as 'no-peers' });
}

async function act(visit: Visit, one: Step, answers: Promise<void>[]): Promise<void> {
  const { rig, page, bytes } = visit;
  if (one.do === 'list') {
    const span = { start: one.from * PIECE, end: Math.min(PIECES, one.from + one.pieces) * PIECE };
    const items = span.end > span.start ? [{ url: urlOf(FILM), ...span, due: 5000 }] : [];
    page.say({ t: 'ahead', items });
  } else if (one.do === 'request') {
    page.place = () => (one.wait > 0 ? { wait: one.wait } : { wait: 0, reason: 'deadline' });
    const start = one.from * PIECE;
    answers.push(
      rig.ask(FILM, { destination: 'video', range: `bytes=${start}-` }).then(async (response) => {
        const body = new Uint8Array(await response.arrayBuffer());
        expectSame(body, bytes.slice(start, start + body.byteLength));
      }),
    );
  } else if (one.do === 'bring') bring(visit, one.which);
  else if (one.do === 'miss') miss(visit, one);
  await rig.rest(one.do === 'wait' ? one.ms : 10);
}

describe('asking ahead, beside whatever players request', () => {
  it('asks for nothing twice, gives out the right bytes, counts each once, and ends with nothing open', () =>
    holds(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const visit = await visitTo(FILM, PIECES * PIECE);
        const { rig, page, signed } = visit;
        page.onHeard = (message) => {
          if (message.t === 'need' && message.layer)
            page.say({ t: 'layer', root: signed.root, bytes: signed.layer.slice() });
        };
        const answers: Promise<void>[] = [];
        for (const one of steps) {
          await act(visit, one, answers);
          expectOnce(page);
        }
        page.say({ t: 'ahead', items: [] });
        await rig.until(Promise.all(answers));
        await rig.rest();
        expect(openNeeds(page)).toEqual([]);
        const fromPeers = page.reports.reduce((sum, { bytes }) => sum + bytes.peer, 0);
        const verified = page.all('verdict').filter(({ verdict }) => verdict === 'verified').length;
        expect(fromPeers).toBeLessThanOrEqual(verified * PIECE);
      }),
      25,
    ));
});
