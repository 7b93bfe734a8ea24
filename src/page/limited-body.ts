import { concat, type Bytes } from '../core/bytes.js';

/** Reads a body of at most `max` bytes; `undefined` when it is longer: the rest is the caller's to abort. */
export async function limitedBody(response: Response, max: number): Promise<Bytes | undefined> {
  if (!response.body) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concat(parts);
    length += value.byteLength;
    if (length > max) return undefined;
    parts.push(value);
  }
}
