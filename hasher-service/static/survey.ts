import type { Bytes } from '../../src/core/bytes.js';
import type { CanonicalUrl, Root } from '../../src/core/brands.js';
import { MAX_CONTENT_LENGTH } from '../../src/core/limits.js';
import type { Cut } from '../../src/core/pieces.js';
import type { Digested, Hashing } from '../hashing/port.js';
import { OriginFault } from '../origin/fault.js';
import type { DigestBody } from '../signing/statements.js';
import { DiskFile, openFile } from '../sources/disk.js';
import { inLanes } from './in-lanes.js';
import { select, type Selected, type Selection } from './selection.js';
import type { Skipped, SkipReason } from './skipping.js';
import { filesBelow, troubleOf, type Found } from './tree.js';

/** A file that visitors may share, and what it holds. */
export interface Surveyed {
  readonly name: string;
  readonly url: CanonicalUrl;
  readonly body: DigestBody;
}

export interface Survey {
  readonly files: readonly Surveyed[];
  readonly skipped: readonly Skipped[];
}

export interface SurveyOptions {
  /** A real path. */
  readonly directory: string;
  /** The directory below it that is passed over; a real path. */
  readonly left: string;
  readonly selection: Selection;
  readonly hashing: Hashing;
  /** Takes each layer as soon as it is known, so that none has to be kept. */
  readonly keepLayer: (root: Root, cut: Cut, layer: readonly Bytes[]) => Promise<void>;
}

/** Files hashed at once: small ones are over before the next is opened, and threads should not wait for that. */
const AT_ONCE = 8;
/** A file that is being written is looked at once more. */
const TRIES = 2;

/** Reads and hashes every file below the directory that may be shared. */
export async function survey(options: SurveyOptions): Promise<Survey> {
  const files: Surveyed[] = [];
  const skipped: Skipped[] = [];
  await inLanes(AT_ONCE, filesBelow(options.directory, options.left), async (found) => {
    const name = found.names.join('/');
    const looked = await lookAt(found, options);
    if (typeof looked === 'string') skipped.push({ name, why: looked });
    else files.push({ name, ...looked });
  });
  return { files: files.sort(byName), skipped: skipped.sort(byName) };
}

async function lookAt(found: Found, options: SurveyOptions): Promise<Omit<Surveyed, 'name'> | SkipReason> {
  if (found.kind === 'skipped') return found.why;
  const selected = select(found.names, options.selection);
  if (typeof selected === 'string') return selected;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const digested = await digestOf(found.path, selected, options.hashing);
    if (digested === 'changing') continue;
    if (typeof digested === 'string') return digested;
    const { root, cut, layer } = digested;
    // The root of a single piece is its hash, and there is no layer to ask for.
    if (layer.length > 1) await options.keepLayer(root, cut, layer);
    return { url: selected.url, body: bodyOf(digested, selected) };
  }
  return 'changing';
}

async function digestOf(
  path: string,
  { url, type }: Selected,
  hashing: Hashing,
): Promise<Digested | SkipReason> {
  try {
    const opened = await openFile(path);
    if (!opened) return 'special';
    const file = new DiskFile(hashing, opened);
    try {
      if (file.length === 0) return 'empty';
      if (file.length > MAX_CONTENT_LENGTH) return 'too-large';
      if (type === 'video/mp2t' && !(await isTransportStream(file, url))) return 'script';
      return (await file.digest(type)) ?? 'empty';
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof OriginFault && error.code === 'changed') return 'changing';
    return troubleOf(error);
  }
}

function bodyOf({ root, cut, duration }: Digested, { type }: Selected): DigestBody {
  const dur = duration === undefined ? {} : { dur: duration };
  return { root, len: cut.length, piece: cut.piece, hdr: { 'content-type': type }, ...dur };
}

/** MPEG-TS begins each packet of 188 bytes with this; TypeScript, with the same ending, does not. */
const SYNC_BYTE = 0x47;

async function isTransportStream(file: DiskFile, url: CanonicalUrl): Promise<boolean> {
  if (!/\.ts$/i.test(new URL(url).pathname)) return true;
  const head = await file.read({ start: 0, end: 1 });
  return head?.[0] === SYNC_BYTE;
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
