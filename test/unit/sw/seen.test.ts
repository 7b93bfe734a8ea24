import { beforeEach, expect, it } from 'vitest';
import type { CanonicalUrl } from '../../../src/core/brands.js';
import type { WorkerMessage } from '../../../src/protocol/bridge.js';
import type { Bridge } from '../../../sw/bridge.js';
import { Seen } from '../../../sw/seen.js';
import { FakeClock } from '../../support/fake-clock.js';

const URL = 'https://example.com/media/1.m4s' as CanonicalUrl;

let clock: FakeClock;
let told: WorkerMessage[];
let seen: Seen;

beforeEach(() => {
  clock = new FakeClock();
  told = [];
  const bridge = { listener: {}, toLeader: (message: WorkerMessage) => told.push(message) };
  seen = new Seen(clock, bridge as unknown as Bridge);
});

async function note(): Promise<void> {
  seen.note(URL);
  await clock.advance(5);
}

it('a URL is mentioned again only after a while', async () => {
  await note();
  await note();
  expect(told).toEqual([{ t: 'seen', urls: [URL] }]);
  await clock.advance(20_000);
  await note();
  expect(told).toHaveLength(2);
});

it('a URL whose statement came, and has ended, is mentioned at once', async () => {
  await note();
  seen.settled(URL);
  await note();
  expect(told).toHaveLength(2);
  await note();
  expect(told).toHaveLength(2);
});

it('another leader is told of those with a statement, too', async () => {
  await note();
  seen.settled(URL);
  seen.retell();
  expect(told.at(-1)).toEqual({ t: 'seen', urls: [URL] });
});
