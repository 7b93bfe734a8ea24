import { describe, expect, it } from 'vitest';
import { HasherClient } from '../../../tracker-service/admission/hasher-client.js';
import { SITE, prefix } from '../../support/tracker-world.js';

interface Sent {
  url: string;
  init: RequestInit & { body: string };
}

function client(respond: () => Response | Promise<Response>, token?: string): [HasherClient, Sent[]] {
  const sent: Sent[] = [];
  const fetch = ((url: string, init: Sent['init']) => {
    sent.push({ url, init });
    return Promise.resolve().then(respond);
  }) as typeof globalThis.fetch;
  return [new HasherClient({ hasher: 'http://hasher.test:8081', token, fetch }), sent];
}

describe('the hash service’s client', () => {
  it('posts the roots with the token and hands back who is live', async () => {
    const live = [{ root: prefix(1), until: 1_900_000_000 }];
    const [hasher, sent] = client(() => Response.json({ live }), 'secret');
    expect(await hasher.liveRoots(SITE, [prefix(1), prefix(2)])).toEqual(live);
    expect(sent[0]?.url).toBe('http://hasher.test:8081/v1/roots');
    expect(sent[0]?.init).toMatchObject({ method: 'POST', redirect: 'error' });
    expect(new Headers(sent[0]?.init.headers).get('authorization')).toBe('Bearer secret');
    expect(JSON.parse(sent[0]?.init.body ?? '')).toEqual({ site: SITE, roots: [prefix(1), prefix(2)] });
  });

  it('sends no authorization without a token', async () => {
    const [hasher, sent] = client(() => Response.json({ live: [] }));
    await hasher.liveRoots(SITE, [prefix(1)]);
    expect(new Headers(sent[0]?.init.headers).has('authorization')).toBe(false);
  });

  it.each([
    [200, undefined, undefined],
    [401, undefined, /HTTP 401, the token .* is not accepted/],
    [401, SITE, /HTTP 401, the token .* is not accepted/],
    [403, SITE, /HTTP 403, it does not serve this site/],
    // It serves others, which nobody has named here.
    [403, undefined, undefined],
    [503, SITE, undefined],
  ])('takes %i for an answer about the token for %s', async (status, site, reason) => {
    const [hasher, sent] = client(() => new Response('{}', { status }), 'secret');
    const refusal = await hasher.refusal(site);
    if (reason) expect(refusal).toMatch(reason);
    else expect(refusal).toBeUndefined();
    expect(JSON.parse(sent[0]?.init.body ?? '')).toMatchObject({ roots: [] });
    const [away] = client(() => Promise.reject(new Error('ECONNREFUSED')));
    await expect(away.refusal(site)).rejects.toMatchObject({ code: 'hasher-unreachable' });
  });

  it.each([
    ['an error', () => new Response('no', { status: 500 }), /HTTP 500/],
    ['a wrong token', () => new Response('no', { status: 401 }), /token for live roots is not accepted/],
    ['no JSON', () => new Response('hello'), /hasher\.test/],
    ['another shape', () => Response.json({ live: [{ root: 'x', until: 1 }] }), /malformed/],
    ['nothing', () => Promise.reject(new Error('ECONNREFUSED')), /ECONNREFUSED/],
  ])('rejects with one code when it gets %s', async (_name, respond, message) => {
    const [hasher] = client(respond);
    const answer = hasher.liveRoots(SITE, [prefix(1)]);
    await expect(answer).rejects.toMatchObject({ code: 'hasher-unreachable' });
    await expect(answer).rejects.toThrow(message);
  });
});
