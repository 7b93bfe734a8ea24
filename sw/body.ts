import { concat, type Bytes } from '../src/core/bytes.js';

/**
 * The whole of a body; `undefined` when it is longer than `limit`, breaks off, or is given up by `signal`. `onBytes`
 * hears of each part.
 */
export async function readUpTo(
  body: ReadableStream<Uint8Array>,
  limit: number,
  onBytes: (length: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<Bytes | undefined> {
  const reader = body.getReader();
  const end = (): void => {
    reader.cancel().catch(() => undefined);
  };
  if (signal?.aborted) end();
  signal?.addEventListener('abort', end);
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      length += chunk.value.byteLength;
      onBytes(chunk.value.byteLength);
      if (length > limit) return undefined;
      parts.push(chunk.value);
    }
    return signal?.aborted ? undefined : concat(parts);
  } catch {
    // Whoever the body is for sees the same failure on its own branch; a copy that broke off is no copy.
    return undefined;
  } finally {
    signal?.removeEventListener('abort', end);
    end();
  }
}
