import { isRoot, type CanonicalUrl, type Site } from '../../src/core/brands.js';
import { MAX_URL_LENGTH } from '../../src/core/limits.js';
import { isText, isWhole } from '../../src/protocol/check.js';
import type { Statement } from '../signing/statements.js';
import type { Voucher } from './voucher.js';

/** What the index says about one file. */
export interface IndexEntry {
  /** The file's. */
  readonly name: string;
  readonly ver: number;
  /** What a token vouches for. A refusal has none. */
  readonly voucher?: Voucher;
}

const MAX_KEY_ID = 128;
const MAX_NAME = 128;

/**
 * An entry as a JSON value. An array, since the same names of members a hundred thousand times would double
 * the file; with the file's name, since hashing as many URLs would take a start a fifth longer.
 */
export function writeEntry(name: string, { kind, kid, claims }: Statement): unknown {
  if (kind === 'refusal') return [name, claims.ver];
  const { ver, aud, sub, root, exp, epoch } = claims;
  return [name, ver, aud, sub, root, exp, epoch, kid];
}

/** `undefined` for what is no entry. An entry only counts when its file is there. */
export function readEntry(value: unknown): IndexEntry | undefined {
  if (!Array.isArray(value)) return undefined;
  const fields: readonly unknown[] = value;
  const [name, ver] = [fields[0], fields[1]];
  if (!isText(name, MAX_NAME) || !isTime(ver)) return undefined;
  if (fields.length === 2) return { name, ver };
  const voucher = readVoucher(fields, ver);
  return voucher && { name, ver, voucher };
}

function readVoucher(fields: readonly unknown[], ver: number): Voucher | undefined {
  const [aud, sub, root, exp, epoch, kid] = fields.slice(2);
  if (!isText(aud, MAX_URL_LENGTH) || !isText(sub, MAX_URL_LENGTH) || !URL.canParse(sub)) return undefined;
  if (!isRoot(root) || !isTime(exp) || !isTime(epoch) || !isText(kid, MAX_KEY_ID)) return undefined;
  return { aud: aud as Site, sub: sub as CanonicalUrl, root, exp, ver, epoch, kid };
}

function isTime(value: unknown): value is number {
  return isWhole(value, 0, Number.MAX_SAFE_INTEGER);
}
