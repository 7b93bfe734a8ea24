/** Values that a parser must refuse in place of `value`, by what kind of value belongs there. */
function wrongFor(value: unknown): unknown[] {
  const never = [null, { length: 1 }, [[]]];
  if (typeof value === 'string') return [...never, 7, true, '', 'x'.repeat(600_000)];
  if (typeof value === 'boolean') return [...never, 0, 1, 'true'];
  if (typeof value === 'number') return [...never, '1', true, -1, Number.NaN, Infinity, 2 ** 53];
  if (Array.isArray(value)) return [...never, 'x', 1, [null], [undefined], new Array(3), [{ toString: 1 }]];
  return ['x', 1, null, true];
}

export interface Variant {
  /** For the test's title or the failure's message. */
  readonly what: string;
  readonly value: Record<string, unknown>;
}

/** Copies of `valid` in which one field has a value that does not belong there. */
export function* withWrongFields(valid: object): Generator<Variant> {
  for (const [field, value] of Object.entries(valid)) {
    for (const [i, wrong] of wrongFor(value).entries()) {
      yield { what: `${field}: wrong value ${i}`, value: { ...valid, [field]: wrong } };
    }
  }
}

/** Copies of `valid` that lack one field each, except those that may be missing. */
export function* withMissingFields(valid: object, optional: readonly string[] = []): Generator<Variant> {
  for (const field of Object.keys(valid)) {
    if (optional.includes(field)) continue;
    const value: Record<string, unknown> = { ...valid };
    Reflect.deleteProperty(value, field);
    yield { what: `${field} missing`, value };
  }
}

/** JSON whose fields sit on `__proto__` and friends instead of on the object itself. */
export function onPrototype(valid: object): string[] {
  const fields = JSON.stringify(valid);
  return [`{"__proto__":${fields}}`, `{"constructor":{"prototype":${fields}}}`, `[${fields}]`];
}

/** JSON texts that are not one object. */
export const NOT_OBJECTS = ['', 'null', '[]', '0', '"x"', 'true', '{', '{"a":}', '\u0000', '{"t":"bye"}x'];
