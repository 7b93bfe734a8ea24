import { join } from 'node:path';
import { z } from 'zod';
import { isRoot, type Root, type Site } from '../../src/core/brands.js';
import { readIfThere, writeWhole } from '../state/files.js';
import { hashedName } from '../state/names.js';

const whole = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const shape = z.strictObject({
  site: z.string(),
  /** The highest version that was given (ms). */
  ver: whole,
  /** Statements below it are void. */
  epoch: whole,
  /** By SHA-256 of the URL: the root that is signed, and until when (s since 1970). */
  signed: z.record(
    z.string().regex(/^[0-9a-f]{64}$/),
    z.strictObject({ root: z.custom<Root>(isRoot), until: whole }),
  ),
});

/**
 * What the last run for a site has signed. It is kept with the keys, because tools that build sites empty
 * their output: without it, nobody would know what visitors may still hold statements about.
 */
export type SigningRecord = Readonly<z.output<typeof shape>>;

/** The record of a site; `undefined` when there is none that can be used. */
export async function readRecord(data: string, site: Site): Promise<SigningRecord | undefined> {
  const bytes = await readIfThere(pathOf(data, site));
  if (!bytes) return undefined;
  const result = shape.safeParse(parsed(bytes.toString('utf8')));
  return result.success && result.data.site === site ? result.data : undefined;
}

export async function writeRecord(data: string, record: SigningRecord): Promise<void> {
  await writeWhole(pathOf(data, record.site), JSON.stringify(record));
}

function pathOf(data: string, site: string): string {
  return join(data, `signed-${hashedName(site).slice(0, 16)}.json`);
}

/** A torn file is as good as none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
