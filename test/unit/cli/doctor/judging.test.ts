import { beforeAll, describe, expect, it } from 'vitest';
import type { Services } from '../../../../src/cli/doctor/examination.js';
import { judge, type Judging } from '../../../../src/cli/doctor/judging.js';
import { Probe } from '../../../../src/cli/doctor/probe.js';
import { DIGEST_TYPE, REFUSAL_TYPE } from '../../../../src/protocol/hasher.js';
import { hashOf } from '../../../../src/protocol/url.js';
import { healthy } from '../../../support/examinations.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { createIssuer, type Issuer } from '../../../support/issuer.js';
import { DIGEST_CLAIMS, REFUSAL_CLAIMS, SITE, urlOf } from '../../../support/samples.js';
import { sha256 } from '../../../support/sha256.js';

let issuer: Issuer;
beforeAll(async () => {
  issuer = await createIssuer('k1');
});

type Statement = string | { readonly pending: number };

const token = (path: string, len = 300_000): Promise<string> =>
  issuer.sign(DIGEST_TYPE, { ...DIGEST_CLAIMS, sub: urlOf(path), len });
const refusal = (path: string): Promise<string> =>
  issuer.sign(REFUSAL_TYPE, { ...REFUSAL_CLAIMS, sub: urlOf(path) });

const [{ services }] = [healthy()];
const usual: Services = services ?? { hasher: '', tracker: '', static: false };
const image = (path: string) => ({ url: new URL(path, SITE).href, destination: 'image' });

/** A hash service that says what `say` says of each path, and how often it was asked for statements. */
function judging(
  found: Judging['found'],
  say: (path: string, round: number) => Statement | undefined,
  change: Partial<Services> = {},
): { options: Judging; clock: FakeClock; asked: string[][] } {
  const clock = new FakeClock();
  const asked: string[][] = [];
  const fetch = async (input: unknown, init: { method?: string; body?: unknown } = {}): Promise<Response> => {
    const url = input as string;
    if (url.endsWith('/v1/jwks.json')) return Response.json({ keys: [issuer.publicJwk] });
    if (init.method !== 'POST') {
      const known = say(url.split('/').at(-1) ?? '', 0);
      return Promise.resolve(
        typeof known === 'string' ? new Response(`${known}\n`) : new Response('', { status: 404 }),
      );
    }
    const { urls } = JSON.parse(init.body as string) as { urls: string[] };
    asked.push(urls);
    return Response.json({ answers: urls.map((one) => say(new URL(one).pathname, asked.length)) });
  };
  const probe = new Probe({ fetch, clock, timeout: 1000 });
  const options = {
    found,
    services: { ...usual, ...change },
    site: SITE,
    probe,
    fetch,
    clock,
    patience: 1000,
  };
  return { options, clock, asked };
}

describe('what a page shows', () => {
  it('is eligible or refused by what is signed', async () => {
    const statements: Record<string, string> = {
      '/a.jpg': await token('/a.jpg'),
      '/small.jpg': await token('/small.jpg', 100),
      '/b.jpg': await refusal('/b.jpg'),
      '/c.jpg': await token('/other.jpg').then((jws) => `${jws.slice(0, -4)}AAAA`),
    };
    const found = Object.keys(statements).map(image);
    const { judged } = await judge(judging(found, (path) => statements[path]).options);
    expect(judged).toMatchObject([
      { is: 'eligible', length: 300_000, root: DIGEST_CLAIMS.root },
      { is: 'refused', code: 'too-small' },
      { is: 'refused', code: 'set-cookie', why: REFUSAL_CLAIMS.why },
      { is: 'refused', code: 'unsigned' },
    ]);
  });

  it('is not asked about when it is none of ours, with the reason where it is media', async () => {
    const config = { ...usual.config, exclude: ['/x/*'] } as NonNullable<Services['config']>;
    const found = [
      image('/x/a.jpg'),
      image('https://img.example/a.jpg'),
      { url: `${SITE}/seg/1.m4s`, destination: '' },
      { url: `${SITE}/media/index.m3u8`, destination: '' },
      { url: `${SITE}/api/cart.json`, destination: '' },
      { url: 'data:image/png,', destination: 'image' },
    ];
    const { options, asked } = judging(found, () => undefined, { config });
    const { judged, left } = await judge(options);
    expect([judged, asked]).toEqual([[], []]);
    expect(left.map(({ why }) => why)).toEqual(['excluded', 'other-origin', 'not-included']);
  });

  it('is asked about again while it is undecided, and not for ever', async () => {
    const jws = await token('/a.jpg');
    const later = judging([image('/a.jpg')], (_, round) => (round < 3 ? { pending: 250 } : jws));
    const settled = judge(later.options);
    await later.clock.advance(1000);
    expect((await settled).judged).toMatchObject([{ is: 'eligible' }]);
    expect(later.asked).toHaveLength(3);

    const never = judging([image('/a.jpg')], () => ({ pending: 250 }));
    const given = judge(never.options);
    await never.clock.advance(5000);
    expect((await given).judged).toMatchObject([{ is: 'pending' }]);
  });

  it('cannot be known when the hash service answers something else', async () => {
    const { options } = judging([image('/a.jpg')], () => 'nonsense');
    expect(await judge(options)).toMatchObject({ judged: [], problem: 'the answer is malformed' });
  });

  it('is looked up in the files of a static site', async () => {
    const name = await hashOf(urlOf('/a.jpg'), sha256);
    const jws = await token('/a.jpg');
    const found = [image('/a.jpg'), image('/b.jpg')];
    const { options, asked } = judging(found, (file) => (file === name ? jws : undefined), { static: true });
    expect((await judge(options)).judged).toMatchObject([
      { is: 'eligible' },
      { is: 'refused', code: 'not-signed' },
    ]);
    expect(asked).toEqual([]);
  });
});
