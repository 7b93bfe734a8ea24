import { describe, expect, it, onTestFinished } from 'vitest';
import type { State, StateListener } from '../../hasher-service/state/port.js';
import { LiveRoots } from '../../hasher-service/state/live-roots.js';
import { prefixOf, type CanonicalUrl, type Root, type Site } from '../../src/core/brands.js';
import type { Bytes } from '../../src/core/bytes.js';
import type { Clock } from '../../src/core/clock.js';
import { FakeClock } from './fake-clock.js';
import { seededBytes } from './random.js';
import { OTHER_SITE, SITE, urlOf, type Scribe } from './scribe.js';

/** One place where state is kept. Only one run of an instance at a time is opened on it here. */
export interface StateWorld {
  readonly scribe: Scribe;
  /** A run that was not opened yet. */
  readonly make: () => Promise<State>;
  /** Replaces the kept statement about a URL by a text, behind everybody's back. */
  readonly plant: (site: Site, url: CanonicalUrl, jws: string) => Promise<void>;
  /** The same for a layer; without bytes it is removed. */
  readonly plantLayer: (root: Root, bytes?: Bytes) => Promise<void>;
}

/** What a listener has heard. */
export class Ear implements StateListener {
  readonly roots = new LiveRoots(() => true);
  readonly forgotten: string[] = [];
  highest = 0;

  learn: StateListener['learn'] = (statement) => {
    this.remember(statement.claims.ver);
    this.roots.take(statement);
  };
  vouch: StateListener['vouch'] = (voucher) => {
    this.remember(voucher.ver);
    this.roots.vouch(voucher);
  };
  remember = (ver: number): void => {
    this.highest = Math.max(this.highest, ver);
  };
  forget = (_site: Site, url: CanonicalUrl): void => {
    this.forgotten.push(url);
  };

  isLive(root: Root): boolean {
    return this.roots.vouchersOf(prefixOf(root)).length > 0;
  }
}

const NEVER = new AbortController().signal;
const random = seededBytes(7);
const PICTURE = random(200_000);
const OTHER = random(70_000);

/** What every implementation of the port must do. `makeWorld` gives an empty one on that clock. */
export function describeState(name: string, makeWorld: (clock: Clock) => Promise<StateWorld>): void {
  describe(`state: ${name}`, () => {
    async function world() {
      const clock = new FakeClock();
      const made = await makeWorld(clock);
      let current: State | undefined;
      /** Ends the run before, and begins another. */
      const run = async () => {
        await current?.close();
        const ear = new Ear();
        const state = await made.make();
        current = state;
        onTestFinished(() => state.close());
        await state.open(ear);
        return { state, ear };
      };
      return { ...made, clock, run };
    }

    async function keep(state: State, { token, layer }: Awaited<ReturnType<Scribe['token']>>) {
      await state.writeLayer(token.claims.root, layer);
      return state.write(token);
    }

    it('gives back what was kept, in this run and the next', async () => {
      const { run, scribe } = await world();
      const said = await scribe.token('/a', PICTURE);
      const refusal = await scribe.refusal('/b', 'private');
      const first = await run();
      expect(await first.state.read(SITE, urlOf('/a'))).toBeUndefined();
      expect(await keep(first.state, said)).toEqual(said.token);
      expect(await first.state.write(refusal)).toEqual(refusal);
      for (const next of [() => Promise.resolve(first), run]) {
        const { state } = await next();
        expect(await state.read(SITE, urlOf('/a'))).toEqual(said.token);
        expect(await state.read(SITE, urlOf('/b'))).toEqual(refusal);
        const layer = await state.readLayer(said.token.claims.root);
        expect(Buffer.from(layer ?? []).equals(Buffer.concat(said.layer))).toBe(true);
        expect(await state.readLayer('0'.repeat(64) as Root)).toBeUndefined();
      }
    });

    it('keeps sites apart', async () => {
      const { run, scribe } = await world();
      const { state } = await run();
      const ours = await scribe.refusal('/a', 'private');
      const theirs = await scribe.refusal('/a', 'vary', { site: OTHER_SITE });
      await state.write(ours);
      expect(await state.read(OTHER_SITE, urlOf('/a'))).toBeUndefined();
      await state.write(theirs);
      expect(await state.read(SITE, urlOf('/a'))).toEqual(ours);
      expect(await state.read(OTHER_SITE, urlOf('/a'))).toEqual(theirs);
    });

    it('keeps the statement with the highest version, in whatever order they come', async () => {
      const { run, scribe, clock } = await world();
      const { state } = await run();
      const now = clock.now();
      const says = await Promise.all([3, 1, 4, 2].map((n) => scribe.token('/a', OTHER, { ver: now + n })));
      const highest = says[2]?.token;
      await state.writeLayer(highest?.claims.root as Root, says[2]?.layer ?? []);
      await Promise.all(says.map(({ token }) => state.write(token)));
      expect(await state.read(SITE, urlOf('/a'))).toEqual(highest);
      const older = await scribe.refusal('/a', 'reported', { ver: now + 3 });
      expect(await state.write(older)).toEqual(highest);
      const newer = await scribe.refusal('/a', 'reported', { ver: now + 5 });
      expect(await state.write(newer)).toEqual(newer);
      expect(await state.read(SITE, urlOf('/a'))).toEqual(newer);
    });

    it('lets a short refusal take the place of a token that is still good', async () => {
      const { run, scribe, clock } = await world();
      const { state } = await run();
      await keep(state, await scribe.token('/a', OTHER));
      const gone = await scribe.refusal('/a', 'missing', { ver: clock.now() + 1 });
      await state.write(gone);
      expect(await (await run()).state.read(SITE, urlOf('/a'))).toEqual(gone);
    });

    it('does not keep a token without its layer, and says for which URL it is gone', async () => {
      const { run, scribe } = await world();
      const { state, ear } = await run();
      const { token } = await scribe.token('/a', PICTURE);
      await expect(state.write(token)).rejects.toMatchObject({ code: 'store-failed' });
      expect(ear.forgotten).toEqual([urlOf('/a')]);
      expect(await state.read(SITE, urlOf('/a'))).toBeUndefined();
    });

    const FOREIGN: readonly (readonly [string, (jws: string) => string])[] = [
      ['torn', (jws) => jws.slice(0, -7)],
      ['empty', () => ''],
      ['zeros', (jws) => '\0'.repeat(jws.length)],
      ['long', (jws) => jws + 'A'.repeat(9000)],
      ['altered', (jws) => jws.replace(/.(?=.{50}$)/, (letter) => (letter === 'A' ? 'B' : 'A'))],
    ];
    it.each(FOREIGN)(
      'gives nothing back, and can be written over, when a statement is %s',
      async (_name, damage) => {
        const { run, scribe, plant, clock } = await world();
        const { state } = await run();
        const { token, layer } = await scribe.token('/a', PICTURE);
        await keep(state, { token, layer });
        await plant(SITE, urlOf('/a'), damage(token.jws));
        expect(await state.read(SITE, urlOf('/a'))).toBeUndefined();
        await plant(SITE, urlOf('/a'), damage(token.jws));
        const next = await scribe.token('/a', PICTURE, { ver: clock.now() + 1 });
        expect(await state.write(next.token)).toEqual(next.token);
        expect(await state.read(SITE, urlOf('/a'))).toEqual(next.token);
      },
    );

    it('gives nothing back that another key signed, or that is about something else', async () => {
      const { run, scribe, plant, clock } = await world();
      const stranger = (await makeWorld(clock)).scribe;
      const { state } = await run();
      const ours = await scribe.token('/a', PICTURE);
      await keep(state, ours);
      const theirs = await stranger.token('/a', PICTURE, { ver: clock.now() + 9 });
      await plant(SITE, urlOf('/a'), theirs.token.jws);
      expect(await state.read(SITE, urlOf('/a'))).toBeUndefined();
      await plant(SITE, urlOf('/b'), ours.token.jws);
      expect(await state.read(SITE, urlOf('/b'))).toBeUndefined();
      await plant(OTHER_SITE, urlOf('/a'), ours.token.jws);
      expect(await state.read(OTHER_SITE, urlOf('/a'))).toBeUndefined();
      expect(await state.write(ours.token)).toEqual(ours.token);
    });

    it.each(['gone', 'short', 'altered', 'long'])('gives nothing back when a layer is %s', async (how) => {
      const { run, scribe, plantLayer } = await world();
      const { token, layer } = await scribe.token('/a', PICTURE);
      await keep((await run()).state, { token, layer });
      const { state, ear } = await run();
      const bytes = new Uint8Array(Buffer.concat(layer));
      if (how === 'altered') bytes[40] = (bytes[40] ?? 0) ^ 1;
      const planted = {
        gone: undefined,
        short: bytes.slice(0, 96),
        long: new Uint8Array(32 * 9),
        altered: bytes,
      };
      await plantLayer(token.claims.root, planted[how as keyof typeof planted]);
      expect(await state.readLayer(token.claims.root)).toBeUndefined();
      expect(await state.read(SITE, urlOf('/a'))).toBeUndefined();
      expect(new Set(ear.forgotten)).toEqual(new Set([urlOf('/a')]));
    });

    it('tells a new run which roots are live, and which versions were used', async () => {
      const { run, scribe, clock } = await world();
      const first = await run();
      const says = await Promise.all(
        ['/a', '/b', '/c'].map((path, i) => scribe.token(path, random(1000), { ver: clock.now() + i })),
      );
      for (const said of says) await keep(first.state, said);
      await first.state.write(await scribe.refusal('/b', 'reported', { ver: clock.now() + 7 }));
      const { state, ear } = await run();
      await state.recall(NEVER);
      expect(says.map(({ token }) => ear.isLive(token.claims.root))).toEqual([true, false, true]);
      expect(ear.highest).toBeGreaterThanOrEqual(clock.now() + 7);
    });

    it('tells a new run of versions that were only reserved', async () => {
      const { run, clock } = await world();
      const { state } = await run();
      await Promise.all([state.reserve(clock.now() + 500), state.reserve(clock.now() + 3000)]);
      await state.reserve(clock.now() + 10);
      await (await run()).state.survey(NEVER);
      const { ear } = await run();
      expect(ear.highest).toBeGreaterThanOrEqual(clock.now() + 3000);
      expect(ear.highest).toBeLessThan(clock.now() + 5000);
    });

    it('can be looked through, which changes nothing that is good', async () => {
      const { run, scribe } = await world();
      const { state, ear } = await run();
      const said = await scribe.token('/a', PICTURE);
      await keep(state, said);
      await state.survey(NEVER);
      expect(await state.read(SITE, urlOf('/a'))).toEqual(said.token);
      expect(await state.readLayer(said.token.claims.root)).toHaveLength(128);
      expect(ear.forgotten).toEqual([]);
      expect(state.trouble).toBeUndefined();
    });

    it('lets work be done, again after it failed, and passes the failure on', async () => {
      const { run } = await world();
      const { state } = await run();
      const done: number[] = [];
      const work = (n: number) => () => Promise.resolve(void done.push(n));
      const failing = state.alone(SITE, urlOf('/a'), () => Promise.reject(new Error('no')), NEVER);
      await expect(failing).rejects.toThrow('no');
      await state.alone(SITE, urlOf('/a'), work(1), NEVER);
      await state.alone(SITE, urlOf('/a'), work(2), NEVER);
      await Promise.all([3, 4].map((n) => state.alone(SITE, urlOf(`/${n}`), work(n), NEVER)));
      expect(done.sort()).toEqual([1, 2, 3, 4]);
    });
  });
}
