import { describe, expect, it } from 'vitest';
import { Strangers } from '../../../tracker-service/admission/strangers.js';
import { TokenWatch } from '../../../tracker-service/admission/token-watch.js';
import { FakeClock } from '../../support/fake-clock.js';
import { SITE } from '../../support/tracker-world.js';

const MINUTE = 60_000;

describe('the watch over the token', () => {
  function watched(answer: string | Error | undefined) {
    const told: unknown[] = [];
    const setup = { answer, asked: 0, told, clock: new FakeClock() };
    const watch = new TokenWatch({
      clock: setup.clock,
      ask: () => {
        setup.asked++;
        return setup.answer instanceof Error ? Promise.reject(setup.answer) : Promise.resolve(setup.answer);
      },
      changed: (fault) => told.push(fault),
      failed: (error) => told.push(error),
    });
    watch.start();
    return { setup, watch };
  }

  it('tells at the start that it is refused, once, and when it is taken again', async () => {
    const { setup, watch } = watched('wrong');
    await setup.clock.advance(1_000);
    expect(setup.told).toEqual(['wrong']);
    await setup.clock.advance(MINUTE);
    expect([setup.asked, setup.told]).toEqual([2, ['wrong']]);
    setup.answer = undefined;
    await setup.clock.advance(MINUTE);
    expect(setup.told).toEqual(['wrong', undefined]);
    watch.close();
    await setup.clock.advance(10 * MINUTE);
    expect(setup.asked).toBe(3);
  });

  it('says nothing while all is well', async () => {
    const { setup, watch } = watched(undefined);
    await setup.clock.advance(5 * MINUTE);
    expect([setup.asked, setup.told]).toEqual([5, []]);
    watch.close();
  });

  it('knows what it knew while the hash service is away', async () => {
    const { setup, watch } = watched('wrong');
    await setup.clock.advance(1_000);
    const away = new Error('away');
    setup.answer = away;
    await setup.clock.advance(MINUTE);
    expect(setup.told).toEqual(['wrong', away]);
    expect(await watch.fault()).toBe('wrong');
    watch.close();
  });

  it('asks for whoever wants to know, and no more than every ten seconds', async () => {
    const { setup, watch } = watched('wrong');
    expect(await watch.fault()).toBe('wrong');
    setup.answer = undefined;
    expect([await watch.fault(), setup.asked]).toEqual(['wrong', 1]);
    await setup.clock.advance(10_001);
    expect([await watch.fault(), setup.asked]).toEqual([undefined, 2]);
    watch.close();
  });
});

it('admissions of others are told for ten minutes', async () => {
  const [clock, told] = [new FakeClock(), [] as string[]];
  const strangers = new Strangers(clock, 'https://hash.example', ({ code }) => told.push(code));
  expect(strangers.doubt).toBeUndefined();
  strangers.came(SITE);
  expect(told).toEqual(['bad-token']);
  expect(strangers.doubt).toContain(
    `a visitor of ${SITE} came with an admission that https://hash.example has`,
  );
  await clock.advance(10 * MINUTE + 1);
  expect(strangers.doubt).toBeUndefined();
});
