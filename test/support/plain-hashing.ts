import { concat, type Bytes } from '../../src/core/bytes.js';
import type { ByteLength } from '../../src/core/brands.js';
import { hashWhole } from '../../src/core/merkle.js';
import { pieceLengthFor } from '../../src/core/pieces.js';
import type { Digested, Hashing } from '../../hasher-service/hashing/port.js';
import { OriginFault } from '../../hasher-service/origin/fault.js';
import { sha256 } from './sha256.js';

/** Hashes whole files on the spot, for tests of what is around the hashing. */
export const plainHashing: Hashing = {
  async hashStream(chunks) {
    const all: Bytes[] = [];
    for await (const chunk of chunks) all.push(new Uint8Array(chunk));
    return digest(concat(all));
  },
  async hashFile(file, length) {
    const bytes = new Uint8Array(length);
    const { bytesRead } = await file.read(bytes, 0, length, 0);
    if (bytesRead < length) throw new OriginFault('changed');
    return digest(bytes);
  },
  close: () => Promise.resolve(),
};

async function digest(bytes: Bytes): Promise<Digested | undefined> {
  if (bytes.byteLength === 0) return undefined;
  const length = bytes.byteLength as ByteLength;
  const cut = { length, piece: pieceLengthFor(length) };
  return { cut, ...(await hashWhole((data) => Promise.resolve(sha256(data)), cut, bytes)) };
}
