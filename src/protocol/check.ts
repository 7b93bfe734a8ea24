/**
 * Building blocks of the hand-bounded parsers. Everything a stranger sends passes through these:
 * the size first, then the shape, then each value. Parsers return `undefined` for bad input; the
 * caller knows what to say about it.
 */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Parses JSON text of at most `maxLength` characters into an object; anything else is `undefined`. */
export function parseObject(text: string, maxLength: number): JsonObject | undefined {
  if (text.length > maxLength) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A string of 1 to `max` characters. */
export function isText(value: unknown, max: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= max;
}

/** An integer within [`min`, `max`]. */
export function isWhole(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max;
}

/**
 * An array of at most `max` items that each satisfy `check`. Holes count as `undefined`: structured
 * clone carries sparse arrays, and `every` would skip what is missing.
 */
export function isListOf<T>(value: unknown, max: number, check: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.length <= max && Array.from<unknown>(value).every(check);
}

const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** Non-empty base64url text (RFC 4648 section 5, without padding) of at most `max` characters. */
export function isBase64Url(value: unknown, max: number): value is string {
  return isText(value, max) && BASE64URL.test(value);
}

const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Something shaped like a compact JWS; whether it is genuine only its signature tells. */
export function isCompactJws(value: unknown, max: number): value is string {
  return isText(value, max) && COMPACT_JWS.test(value);
}
