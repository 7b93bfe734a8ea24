import { isObject } from '../../../src/protocol/check.js';

/** A list as Redis answers it; empty when it is something else. */
export function listOf(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : [];
}

/** A hash as RESP2 and RESP3 give it. */
export function recordOf(reply: unknown): Readonly<Record<string, unknown>> {
  if (isObject(reply)) return reply;
  const flat = listOf(reply);
  const names = flat.filter((_, i) => i % 2 === 0);
  return Object.fromEntries(names.map((name, i) => [String(name), flat[2 * i + 1]]));
}
