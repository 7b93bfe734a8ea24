import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Root } from '../../src/core/brands.js';
import { pieceCount } from '../../src/core/pieces.js';
import type { Hashing } from '../hashing/port.js';
import type { DigestBody, Token } from '../signing/statements.js';
import { SigningDesk, type DeskEnvironment } from './desk.js';
import type { SignConfig } from './config.js';
import { inLanes } from './in-lanes.js';
import { hashedName } from '../state/names.js';
import { scriptedPatterns } from './selection.js';
import type { Skipped } from './skipping.js';
import { survey, type Surveyed } from './survey.js';

/** What a run did. Names are paths below the directory. */
export interface SigningReport {
  readonly signed: readonly string[];
  /** Their tokens were good, and stay. */
  readonly kept: readonly string[];
  readonly skipped: readonly Skipped[];
  /** How many statements about files that are gone were taken away. */
  readonly removed: number;
  /** Whether visitors drop all that was signed before; so they do when nobody knows what that was. */
  readonly voided: boolean;
  /** When the first of what is published ends (ms since 1970): sign again before. */
  readonly validUntil: number;
  /** Address for `hasher` in the site's worker file; `undefined` when the output is served from elsewhere. */
  readonly address: string | undefined;
  /** Patterns for its `include`: of what was included here, and of segments, which scripts fetch. */
  readonly include: readonly string[];
}

export interface SigningEnvironment extends DeskEnvironment {
  readonly hashing: Hashing;
}

/** Statements written at once: each is read, signed and written, which is mostly waiting. */
const AT_ONCE = 8;

/**
 * Signs every file below a directory that visitors may share, into files that any web server can serve.
 * The order matters when a run is killed: the policy that voids comes before what it does not void, and
 * the record before what it speaks of.
 */
export async function signAll(config: SignConfig, environment: SigningEnvironment): Promise<SigningReport> {
  const desk = await SigningDesk.open(config, environment);
  const { publication, places } = desk;
  const { files, skipped } = await survey({
    directory: places.directory,
    left: places.out === places.directory ? join(places.out, 'v1') : places.out,
    selection: config,
    hashing: environment.hashing,
    keepLayer: (root, cut, layer) => publication.writeLayer(root, cut, layer),
  });
  const isNew = desk.outdated(files);
  const epoch = desk.epoch(isNew);
  await desk.proclaim(epoch, true);
  await desk.record(epoch, isNew, files);
  const statements = await stateAll(desk, files, epoch);
  const removed = await publication.removeOthers(
    new Set(files.map(({ url }) => hashedName(url))),
    new Set(files.flatMap(({ body }) => layerOf(body) ?? [])),
  );
  const include = [...config.include, ...scriptedPatterns(files.map(({ name }) => name))];
  return { ...statements, skipped, removed, voided: isNew, address: desk.address, include };
}

/** Publishes a policy that switches sharing off; statements stay as they are, for the next run. */
export async function switchOff(config: SignConfig, environment: DeskEnvironment): Promise<void> {
  const desk = await SigningDesk.open(config, environment);
  const isNew = desk.outdated();
  const epoch = desk.epoch(isNew);
  await desk.proclaim(epoch, false);
  await desk.record(epoch, isNew);
}

async function stateAll(desk: SigningDesk, files: readonly Surveyed[], epoch: number) {
  const signed: string[] = [];
  const kept: string[] = [];
  let end = desk.times.exp;
  await inLanes(AT_ONCE, files, async (file) => {
    const there = await desk.publication.token(file.url);
    if (there && isGood(there, file.body, { ...desk.times, epoch, kid: desk.kid })) {
      kept.push(file.name);
      end = Math.min(end, there.claims.exp);
    } else {
      await desk.publication.writeToken(await stated(desk, file, epoch));
      signed.push(file.name);
    }
  });
  return { signed: signed.sort(), kept: kept.sort(), validUntil: end * 1000 };
}

async function stated(desk: SigningDesk, { url, body }: Surveyed, epoch: number): Promise<Token> {
  const { ver, times } = desk;
  const token = await desk.signer.digest({ site: desk.site, url, ver, epoch, ...times }, body);
  if (!token) throw new Error(`the statement about ${url} is longer than verifiers read`);
  return token;
}

interface Wanted {
  readonly iat: number;
  readonly exp: number;
  readonly epoch: number;
  readonly kid: string;
}

/** Whether a token says what would be said now, by the same key, and has more than half its life left. */
function isGood({ kid, claims }: Token, body: DigestBody, now: Wanted): boolean {
  const { root, len, piece, hdr, dur, epoch, exp } = claims;
  const said = { root, len, piece, hdr, ...(dur === undefined ? {} : { dur }) };
  const isFresh = exp > (now.iat + now.exp) / 2 && exp <= now.exp;
  return isFresh && kid === now.kid && epoch === now.epoch && isDeepStrictEqual(said, body);
}

/** The root, if it has a layer. */
function layerOf({ root, len, piece }: DigestBody): Root | undefined {
  return pieceCount({ length: len, piece }) > 1 ? root : undefined;
}
