import { describe, expect, it } from 'vitest';
import { Probe, problemOf } from '../../../../src/cli/doctor/probe.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { SITE } from '../../../support/examinations.js';

const URL_ASKED = 'https://hash.example.com/v1/policy';

function probe(answer: (init: RequestInit) => Promise<Response> | Response): {
  probe: Probe;
  clock: FakeClock;
} {
  const clock = new FakeClock();
  const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => answer(init ?? {});
  return { probe: new Probe({ fetch, clock, timeout: 5000 }), clock };
}

const question = { url: URL_ASKED, site: SITE, read: (text: string) => text };
const allowing = (origin: string): ResponseInit => ({ headers: { 'access-control-allow-origin': origin } });

describe('asking a service', () => {
  it.each([
    ['*', true],
    [SITE, true],
    ['https://other.example', false],
  ])('tells whether pages may read it when it allows %s', async (origin, cors) => {
    const { probe: asked } = probe(() => new Response('x', allowing(origin)));
    expect(await asked.ask(question)).toEqual({ is: 'given', value: 'x', cors });
  });

  it('speaks for the site, and sends what is to be sent', async () => {
    let sent: RequestInit = {};
    const { probe: asked } = probe((init) => {
      sent = init;
      return new Response('');
    });
    await asked.ask({ ...question, body: { a: 1 } });
    expect(sent).toMatchObject({ method: 'POST', body: '{"a":1}', headers: { origin: SITE } });
  });

  it('tells errors with their codes, and other answers without', async () => {
    const error = { error: { code: 'unknown-site', message: 'No.' } };
    const { probe: asked } = probe(() => Response.json(error, { status: 403 }));
    const refused = { is: 'refused', status: 403, code: 'unknown-site', message: 'No.' };
    expect(await asked.ask(question)).toEqual(refused);
    const { probe: other } = probe(() => new Response('<html>', { status: 502 }));
    expect(await other.ask(question)).toEqual({ ...refused, status: 502, code: '', message: '' });
  });

  it('tells what cannot be read, and what is not there', async () => {
    const { probe: asked } = probe(() => new Response('{'));
    expect(await asked.ask({ ...question, read: JSON.parse as () => unknown })).toMatchObject({
      is: 'silent',
    });
    const { probe: none } = probe(() =>
      Promise.reject(
        new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) }),
      ),
    );
    expect(await none.ask(question)).toEqual({
      is: 'silent',
      problem: 'nothing listens there (ECONNREFUSED)',
    });
  });

  it('does not wait for ever, and reads no endless answer', async () => {
    const { probe: asked, clock } = probe(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    );
    const answer = asked.ask(question);
    await clock.advance(5000);
    expect(await answer).toEqual({ is: 'silent', problem: 'no answer within 5 s' });
    const chunk = new Uint8Array(1024 * 1024).fill(97);
    const endless = new ReadableStream({ pull: (to) => to.enqueue(chunk) });
    const { probe: other } = probe(() => new Response(endless));
    expect(await other.ask(question)).toEqual({ is: 'silent', problem: 'the answer does not end' });
  });
});

describe('looking at a file', () => {
  it('tells how it is served', async () => {
    const headers = {
      'content-type': 'text/html',
      'cache-control': 'no-store',
      'content-security-policy': 'x',
    };
    const { probe: asked } = probe(() => new Response('text', { headers }));
    const seen = {
      ok: true,
      status: 200,
      type: 'text/html',
      cacheControl: 'no-store',
      policy: 'x',
      redirected: false,
    };
    expect(await asked.file(URL_ASKED)).toEqual({ seen: { url: URL_ASKED, ...seen }, text: 'text' });
  });

  it('takes no text of an error for the file', async () => {
    const { probe: asked } = probe(() => new Response('not here', { status: 404 }));
    expect(await asked.file(URL_ASKED)).toMatchObject({ seen: { status: 404 }, text: '' });
    const { probe: moved } = probe(() => new Response('', { status: 302 }));
    expect(await moved.file(URL_ASKED)).toMatchObject({ seen: { redirected: true } });
  });
});

it('says what it can of any failure', () => {
  expect(problemOf('text')).toBe('text');
  expect(problemOf(new Error('plain'))).toBe('plain');
  expect(problemOf(Object.assign(new Error(''), { code: 'EWHATEVER' }))).toBe('EWHATEVER');
});
