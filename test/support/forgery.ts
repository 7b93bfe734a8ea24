import type { ByteLength, CanonicalUrl } from '../../src/core/brands.js';
import { hashWhole } from '../../src/core/merkle.js';
import { pieceLengthFor } from '../../src/core/pieces.js';
import { DIGEST_TYPE, parseDigestsResponse } from '../../src/protocol/hasher.js';
import { createIssuer } from './issuer.js';
import { sha256 } from './sha256.js';
import type { Stage } from './stage.js';

/** What the stage's hash service signs about these paths. Resolves once it has signed them all. */
export async function genuineTokens(stage: Stage, paths: readonly string[]): Promise<string[]> {
  const urls = paths.map((path) => stage.site.url + path);
  for (;;) {
    const response = await fetch(`http://localhost:${stage.ports.hasher}/v1/digests`, {
      method: 'POST',
      body: JSON.stringify({ site: stage.site.url, urls }),
    });
    const { answers } = parseDigestsResponse(await response.json(), urls.length) ?? { answers: [] };
    const tokens = answers.filter((answer) => typeof answer === 'string');
    if (tokens.length === urls.length) return tokens;
  }
}

function part(token: string, index: number): Record<string, unknown> {
  const text = Buffer.from(token.split('.')[index] ?? '', 'base64url').toString();
  return JSON.parse(text) as Record<string, unknown>;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** The impostor's one file: so short that it is a single piece, which needs no layer; all zeros. */
export const EVIL_LENGTH = 60_000 as ByteLength;

/**
 * Statements that no hash service made: that each URL of these genuine tokens is the impostor's file,
 * signed with a key of its own under the genuine key's name, unsigned, and with the genuine signature.
 */
export async function forgeriesOf(genuine: readonly string[]): Promise<string[]> {
  const cut = { length: EVIL_LENGTH, piece: pieceLengthFor(EVIL_LENGTH) };
  const { root } = await hashWhole((data) => Promise.resolve(sha256(data)), cut, new Uint8Array(EVIL_LENGTH));
  const forgeries = genuine.map(async (token) => {
    const [header, claims] = [part(token, 0), part(token, 1)];
    const evil = { ...claims, root, len: cut.length, piece: cut.piece, ver: Number(claims['ver']) + 1000 };
    const issuer = await createIssuer(String(header['kid']));
    const signature = token.split('.')[2] ?? '';
    return [
      await issuer.sign(DIGEST_TYPE, evil),
      `${encoded({ ...header, alg: 'none' })}.${encoded(evil)}.AA`,
      `${encoded(header)}.${encoded(evil)}.${signature}`,
    ];
  });
  return (await Promise.all(forgeries)).flat();
}

/** Genuine signatures under claims about another URL: of each token, the next one's. */
export function swappedSubjects(genuine: readonly string[]): string[] {
  return genuine.map((token, i) => {
    const other = genuine[(i + 1) % genuine.length] ?? token;
    const [head = '', , signature = ''] = token.split('.');
    const sub = part(other, 1)['sub'] as CanonicalUrl;
    return `${head}.${encoded({ ...part(token, 1), sub })}.${signature}`;
  });
}
