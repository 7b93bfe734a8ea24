import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { sentCompressed } from './media-types.js';
import { memoryRepresentation, type Representation } from './representation.js';

/** Less than this fits into one packet however it is coded. */
const SHORTEST = 1024;
/** A text lies in memory while it is compressed; longer ones than any page has are sent as they are. */
const LONGEST = 2 * 1024 * 1024;
/** More texts than this site has; beyond it they are simply compressed again. */
const MAX_KEPT = 32;

/** One member of Accept-Encoding: a coding or `*`, and perhaps its weight (RFC 9110 section 12.5.3). */
const MEMBER = /^([\w!#$%&'*+.^`|~-]+)(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/;

const compress = promisify(gzip);

/** Chooses between a text as it is and its gzip representation, which is made once and kept. */
export class ContentCoding {
  readonly #kept = new Map<string, Promise<Uint8Array>>();

  /**
   * `plain`, or what is sent to those who accept gzip: a representation of its own, with another strong
   * validator (RFC 9110 section 8.8.3.3), and lengths and ranges that count coded bytes.
   */
  async choose(plain: Representation, acceptEncoding: string | undefined): Promise<Representation> {
    const worthwhile = sentCompressed(plain.type) && plain.length >= SHORTEST && plain.length <= LONGEST;
    if (!worthwhile || !prefersGzip(acceptEncoding)) return plain;
    const coded = await this.#coded(plain);
    return { ...memoryRepresentation(plain.type, coded, plain.lastModified), coding: 'gzip' };
  }

  /** The same promise for all who ask for one state of a text, so that it is compressed once. */
  #coded(plain: Representation): Promise<Uint8Array> {
    const state = `${plain.etag} ${plain.lastModified.getTime()}`;
    const known = this.#kept.get(state);
    if (known) return known;
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    const coded = compressed(plain);
    this.#kept.set(state, coded);
    coded.catch(() => this.#kept.delete(state));
    return coded;
  }
}

async function compressed(plain: Representation): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of plain.read({ start: 0, end: plain.length })) chunks.push(chunk);
  return compress(Buffer.concat(chunks), { level: constants.Z_BEST_COMPRESSION });
}

/**
 * Whether gzip is acceptable and no less welcome than the text as it is. Without the header any coding
 * would be acceptable, but who does not ask for one mostly cannot undo it.
 */
function prefersGzip(acceptEncoding = ''): boolean {
  const weights = new Map<string, number>();
  for (const member of acceptEncoding.toLowerCase().split(',')) {
    const [, coding, weight = '1'] = MEMBER.exec(member.trim()) ?? [];
    if (coding !== undefined) weights.set(coding, Number(weight));
  }
  const weightOf = (coding: string): number => weights.get(coding) ?? weights.get('*') ?? 0;
  // RFC 9110 section 8.4.1.3: x-gzip is the same.
  const gzipWeight = weights.get('x-gzip') ?? weightOf('gzip');
  return gzipWeight > 0 && gzipWeight >= weightOf('identity');
}
