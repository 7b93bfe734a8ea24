/**
 * Reading what was written down. Files and databases are the operator's, but a disk may lie: what is not as we write it
 * is thrown away as a whole, so these throw.
 */

/** A list of at most `most` numbers from 0 up. */
export function numbers(value: unknown, most: number): number[] {
  if (!Array.isArray(value) || value.length > most) throw new TypeError('not a short list');
  for (const item of value)
    if (typeof item !== 'number' || !Number.isFinite(item) || item < 0) throw new TypeError('not a number');
  return value as number[];
}

/** Members of an object, at most `most`. */
export function members(value: unknown, most: number): [string, unknown][] {
  if (typeof value !== 'object' || value === null) throw new TypeError('not an object');
  const entries = Object.entries(value);
  if (entries.length > most) throw new TypeError('too many members');
  return entries;
}

/** `count` items. */
export function items(value: unknown, count: number): unknown[] {
  if (!Array.isArray(value) || value.length !== count) throw new TypeError(`not ${count} items`);
  return value;
}
