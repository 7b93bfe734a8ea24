import { concat, type Bytes } from '../src/core/bytes.js';

/**
 * The whole of a body; `undefined` when it is longer than `limit` or breaks off. `onBytes` hears of
 * each part and ends the reading by returning false.
 */
export async function readUpTo(
  body: ReadableStream<Uint8Array>,
  limit: number,
  onBytes: (length: number) => boolean = () => true,
): Promise<Bytes | undefined> {
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      length += chunk.value.byteLength;
      if (!onBytes(chunk.value.byteLength) || length > limit) return undefined;
      parts.push(chunk.value);
    }
    return concat(parts);
  } catch {
    // Whoever the body is for sees the same failure on its own branch; a copy that broke off is no copy.
    return undefined;
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
