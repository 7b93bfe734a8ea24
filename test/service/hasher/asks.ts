import { expect, vi } from 'vitest';
import type { Site } from '../../../src/core/brands.js';
import type { DigestClaims, PolicyClaims } from '../../../src/protocol/hasher.js';
import { verifyPolicy } from '../../../src/verify/statements.js';
import { PolicyCare } from '../../../hasher-service/policy/policy-care.js';
import { DocumentFiles } from '../../../hasher-service/state/document-files.js';
import { OPERATOR_TOKEN, SITE, type Bench } from './harness.js';

/** Status and code of an error answer, whose shape is checked. */
export async function errorOf(response: Response): Promise<[number, string]> {
  const body: unknown = await response.json();
  expect(body).toEqual({ error: { code: expect.any(String), message: expect.stringMatching(/./) } });
  return [response.status, (body as { error: { code: string } }).error.code];
}

/** Serves a file for an hour and has it signed. */
export async function signed(bench: Bench, path = '/a.bin', body = 'abc'): Promise<DigestClaims> {
  bench.origin.serve(path, body);
  const { digest } = await bench.ask(path);
  if (!digest) throw new Error('not signed');
  return digest;
}

/** Asks about a file of which the origin has sent all but the end; `finish` sends that. */
export async function halfRead(bench: Bench, path = '/a.bin') {
  const finish: (() => void)[] = [];
  bench.origin.on(path, (_request, response) => {
    response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': 3 }).write('ol');
    finish.push(() => response.end('d'));
  });
  const asked = bench.askOnce(path);
  await vi.waitFor(() => {
    expect(finish).toHaveLength(1);
  });
  return { asked, finish: () => finish[0]?.() };
}

/** The policy as visitors read it. */
export async function policyOf(bench: Bench, site: Site = SITE): Promise<PolicyClaims> {
  const response = await bench.get('/v1/policy', { origin: site });
  expect(response.headers.get('content-type')).toContain('application/jwt');
  expect(response.headers.get('cache-control')).toBe('max-age=60');
  const checked = await verifyPolicy(await response.text(), site, bench.verification);
  if (checked.verdict !== 'verified') throw new Error(checked.verdict);
  return checked.claims;
}

/** A purge by the operator. */
export function purge(bench: Bench, body: unknown, token = OPERATOR_TOKEN): Promise<Response> {
  return fetch(`${bench.url}/v1/purge`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
  });
}

/** A report that our copy is not what `claims` say. */
export function report(bench: Bench, claims: DigestClaims, receipt: string): Promise<Response> {
  const { aud: site, sub: url, root: signed } = claims;
  return bench.post('/v1/reports', { site, url, signed, receipt }, { origin: site });
}

/** What `peerfold policy` does to the files of a service. */
export function careOf({ data, clock }: Pick<Bench, 'data' | 'clock'>): PolicyCare {
  return new PolicyCare(new DocumentFiles(data, clock));
}
