import { describe, expect, it } from 'vitest';
import type { CanonicalUrl } from '../../../src/core/brands.js';
import { PeerfoldError } from '../../../src/core/errors.js';
import { Digests, PEER_PATIENCE } from '../../../src/page/digests.js';
import type { DigestAnswer } from '../../../src/protocol/hasher.js';
import { FakeClock } from '../../support/fake-clock.js';

const url = (name: string | number) => `https://site.example/${name}` as CanonicalUrl;

type Answers = readonly (DigestAnswer | undefined)[];
type Answerer = (urls: readonly CanonicalUrl[]) => Answers | Promise<Answers>;

function digestsOf(answerer: Answerer = (urls) => urls.map(() => 'a.b.c')) {
  const clock = new FakeClock();
  const asked: (readonly CanonicalUrl[])[] = [];
  const delivered: (readonly string[])[] = [];
  const unsigned: (readonly CanonicalUrl[])[] = [];
  const failures: unknown[] = [];
  const state = { answerer, linked: false };
  const sought: (readonly CanonicalUrl[])[] = [];
  const digests = new Digests({
    clock,
    random: () => 0.5,
    request: async (urls) => {
      asked.push(urls);
      return await state.answerer(urls);
    },
    peers: (urls) => {
      if (state.linked) sought.push(urls);
      return state.linked;
    },
    deliver: (tokens) => delivered.push(tokens),
    unsigned: (urls) => unsigned.push(urls),
    failed: (error) => failures.push(error),
  });
  digests.resume();
  return { clock, asked, sought, delivered, unsigned, failures, digests, state };
}

describe('digests', () => {
  it('asks for what comes together in one request', async () => {
    const { clock, asked, delivered, digests } = digestsOf((urls) => urls.map((one) => `t.${one.length}.s`));
    digests.ask([url(1), url(2)]);
    await clock.advance(10);
    digests.ask([url(2), url(33)]);
    expect(asked).toEqual([]);
    await clock.advance(10);
    expect(asked).toEqual([[url(1), url(2), url(33)]]);
    expect(delivered).toHaveLength(1);
  });

  it('splits what is too much for one request, and for one message', async () => {
    const { clock, asked, delivered, digests } = digestsOf();
    digests.ask(Array.from({ length: 250 }, (_, i) => url(i)));
    await clock.advance(20);
    expect(asked.map((urls) => urls.length)).toEqual([100, 100, 50]);
    expect(delivered.map((tokens) => tokens.length)).toEqual([100, 100, 50]);
  });

  it('remembers why URLs were refused, the latest of them, and does not ask while they are', async () => {
    const { clock, asked, digests } = digestsOf();
    digests.ask([url(1)]);
    await clock.advance(20);
    const until = clock.now() + 300_000;
    for (let i = 0; i < 250; i++)
      digests.refused({ t: 'refused', url: url(i + 1), code: 'empty', why: `${i}`, until });
    expect(digests.refusals.size).toBe(200);
    expect(digests.refusals.get(url(1))).toBeUndefined();
    expect(digests.refusals.get(url(250))).toBe('249');
    digests.ask([url(1)]);
    await clock.advance(200_000);
    expect(asked).toHaveLength(1);
  });

  it('asks nothing before it may, nor after it may no longer', async () => {
    const { clock, asked, digests } = digestsOf();
    digests.pause();
    digests.ask([url(1)]);
    await clock.advance(60_000);
    expect(asked).toEqual([]);
    expect(clock.pending).toBe(0);
    digests.resume();
    await clock.advance(20);
    expect(asked).toEqual([[url(1)]]);
    digests.ask([url(2)]);
    digests.pause();
    await clock.advance(60_000);
    expect(asked).toHaveLength(1);
  });

  it('asks for a URL once, and gives the statement again to a worker that forgot it', async () => {
    const { clock, asked, delivered, digests } = digestsOf();
    digests.ask([url(1)]);
    await clock.advance(20);
    digests.settled(url(1), clock.now() + 3_600_000);
    digests.ask([url(1)]);
    digests.settled(url(1), clock.now() + 3_600_000);
    await clock.advance(1_800_000);
    digests.ask([url(1)]);
    await clock.advance(20);
    expect(asked).toHaveLength(1);
    expect(delivered).toEqual([['a.b.c'], ['a.b.c'], ['a.b.c']]);
    expect(digests.has(url(1))).toBe(true);
  });

  it('asks for another statement when the worker does not take the known one any more', async () => {
    const { clock, asked, digests } = digestsOf();
    digests.ask([url(1)]);
    await clock.advance(20);
    digests.settled(url(1), clock.now() + 3_600_000);
    await clock.advance(1000);
    digests.ask([url(1)]);
    await clock.advance(60_000);
    expect(asked).toHaveLength(1);
    digests.ask([url(1)]);
    await clock.advance(20);
    expect(asked).toHaveLength(2);
  });

  it('tells the worker what nothing is signed about, and does not ask for it for some minutes', async () => {
    const { clock, asked, delivered, unsigned, digests } = digestsOf((urls) =>
      urls.map((one) => (one === url(2) ? undefined : 'a.b.c')),
    );
    digests.ask([url(1), url(2)]);
    await clock.advance(20);
    expect(delivered).toEqual([['a.b.c']]);
    expect(unsigned).toEqual([[url(2)]]);
    await clock.advance(299_000);
    digests.ask([url(2)]);
    await clock.advance(20);
    expect(asked).toHaveLength(1);
    await clock.advance(1000);
    digests.ask([url(2)]);
    await clock.advance(20);
    expect(asked).toEqual([[url(1), url(2)], [url(2)]]);
  });

  it('asks again when the statement has run out', async () => {
    const { clock, asked, digests } = digestsOf();
    digests.ask([url(1)]);
    await clock.advance(20);
    digests.settled(url(1), clock.now() + 5000);
    await clock.advance(5000);
    expect(digests.has(url(1))).toBe(false);
    digests.ask([url(1)]);
    await clock.advance(20);
    expect(asked).toHaveLength(2);
  });

  it('does not ask on and on for what the worker finds worthless', async () => {
    const { clock, asked, digests } = digestsOf();
    for (let i = 0; i < 100; i++) {
      digests.ask([url(1)]);
      await clock.advance(100);
    }
    expect(asked).toHaveLength(1);
    await clock.advance(60_000);
    digests.ask([url(1)]);
    await clock.advance(20);
    expect(asked).toHaveLength(2);
  });

  it('asks again for what is pending, ever more slowly, and not for ever', async () => {
    const { clock, asked, delivered, digests } = digestsOf((urls) => urls.map(() => ({ pending: 200 })));
    digests.ask([url(1)]);
    await clock.advance(20);
    expect(asked).toHaveLength(1);
    await clock.advance(219);
    expect(asked).toHaveLength(1);
    await clock.advance(1);
    expect(asked).toHaveLength(2);
    await clock.advance(120_000);
    expect(asked).toHaveLength(8);
    expect(delivered).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('does not poll a service that says "at once"', async () => {
    const { clock, asked, digests } = digestsOf((urls) => urls.map(() => ({ pending: 0 })));
    digests.ask([url(1)]);
    await clock.advance(80);
    expect(asked.length).toBeLessThanOrEqual(2);
  });

  it('delivers what is ready while the rest is pending', async () => {
    const { clock, asked, delivered, digests } = digestsOf((urls) =>
      urls.map((one) => (one === url(1) ? 'a.b.c' : { pending: 100 })),
    );
    digests.ask([url(1), url(2)]);
    await clock.advance(20);
    expect(delivered).toEqual([['a.b.c']]);
    await clock.advance(120);
    expect(asked.at(-1)).toEqual([url(2)]);
  });

  it('backs off while the service fails, then catches up in one request', async () => {
    const { clock, asked, failures, digests, state } = digestsOf(() => Promise.reject(new Error('down')));
    digests.ask([url(1)]);
    await clock.advance(20);
    digests.ask([url(2)]);
    await clock.advance(30_000);
    expect(failures.length).toBe(asked.length);
    expect(asked.length).toBeLessThan(8);
    state.answerer = (urls) => urls.map(() => 'a.b.c');
    await clock.advance(60_000);
    expect(asked.at(-1)).toEqual(expect.arrayContaining([url(1), url(2)]));
    const settledAt = asked.length;
    await clock.advance(300_000);
    expect(asked).toHaveLength(settledAt);
    expect(clock.pending).toBe(0);
  });

  it('stays away for as long as the service asks', async () => {
    const busy = new PeerfoldError('hasher-unreachable', '429', { retry: 45_000 });
    const { clock, asked, digests } = digestsOf(() => Promise.reject(busy));
    digests.ask([url(1)]);
    await clock.advance(20);
    await clock.advance(45_000);
    expect(asked).toHaveLength(1);
    await clock.advance(1000);
    expect(asked).toHaveLength(2);
  });

  it('remembers no more than it can hold', async () => {
    const { clock, asked, digests } = digestsOf();
    for (let page = 0; page < 30; page++) {
      digests.ask(Array.from({ length: 100 }, (_, i) => url(`${page}/${i}`)));
      await clock.advance(20);
    }
    expect(digests.has(url('29/99'))).toBe(true);
    expect(digests.has(url('0/0'))).toBe(false);
    const before = asked.length;
    digests.ask([url('29/99')]);
    await clock.advance(20);
    expect(asked).toHaveLength(before);
  });

  it('drops questions that pile up while the service is away', async () => {
    const { clock, asked, digests } = digestsOf();
    digests.pause();
    digests.ask(Array.from({ length: 5000 }, (_, i) => url(i)));
    digests.resume();
    await clock.advance(20);
    expect(asked.flat()).toHaveLength(2000);
  });
});

describe('digests from peers', () => {
  it('are sought of peers first, and of the hash service when none of them answers soon', async () => {
    const { clock, asked, sought, digests, state } = digestsOf();
    state.linked = true;
    digests.ask([url(1), url(2)], () => PEER_PATIENCE);
    await clock.advance(20);
    expect(sought).toEqual([[url(1), url(2)]]);
    expect(asked).toEqual([]);
    await clock.advance(150);
    expect(asked).toEqual([[url(1), url(2)]]);
  });

  it('have as long as each can wait', async () => {
    const { clock, asked, digests, state } = digestsOf();
    state.linked = true;
    digests.ask([url(1)], () => 2000);
    digests.ask([url(2)], () => PEER_PATIENCE);
    digests.ask([url(3)], () => 1000);
    digests.ask([url(3), url(4)]);
    await clock.advance(20);
    expect(asked).toEqual([[url(3), url(4)]]);
    await clock.advance(PEER_PATIENCE);
    expect(asked.at(-1)).toEqual([url(2)]);
    await clock.advance(2000 - PEER_PATIENCE - 1);
    expect(asked).toHaveLength(2);
    await clock.advance(1);
    expect(asked.at(-1)).toEqual([url(1)]);
  });

  it('save the hash service a question once the worker has taken them', async () => {
    const { clock, asked, delivered, digests, state } = digestsOf();
    state.linked = true;
    digests.ask([url(1), url(2)], () => PEER_PATIENCE);
    await clock.advance(20);
    digests.came(url(1), 'from.a.peer');
    digests.came(url(1), 'another.of.it');
    digests.came(url(3), 'never.asked.for');
    expect(delivered).toEqual([['from.a.peer']]);
    digests.settled(url(1), clock.now() + 60_000);
    await clock.advance(200);
    expect(asked).toEqual([[url(2)]]);
  });

  it('that the worker does not take keep nobody from asking the hash service', async () => {
    const { clock, asked, delivered, digests, state } = digestsOf();
    state.linked = true;
    digests.ask([url(1)], () => PEER_PATIENCE);
    await clock.advance(20);
    digests.came(url(1), 'a.lie.it');
    await clock.advance(200);
    expect(asked).toEqual([[url(1)]]);
    expect(delivered).toEqual([['a.lie.it'], ['a.b.c']]);
  });

  it('are not waited for when somebody waits', async () => {
    const { clock, asked, sought, digests, state } = digestsOf();
    state.linked = true;
    digests.ask([url(1)], () => PEER_PATIENCE);
    digests.ask([url(1), url(2)]);
    await clock.advance(20);
    expect(sought).toHaveLength(1);
    expect(asked).toEqual([[url(1), url(2)]]);
  });

  it('do while the hash service is away', async () => {
    const { clock, asked, delivered, digests, state } = digestsOf(() => {
      throw new PeerfoldError('hasher-unreachable', 'down');
    });
    state.linked = true;
    digests.ask([url(1), url(2)]);
    await clock.advance(20);
    digests.came(url(1), 'from.a.peer');
    digests.settled(url(1), clock.now() + 600_000);
    expect(delivered).toEqual([['from.a.peer']]);
    await clock.advance(60_000);
    expect(asked.at(-1)).toEqual([url(2)]);
  });
});
