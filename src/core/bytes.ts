/** Bytes on their own buffer (never shared memory), so that WebCrypto and `postMessage` accept them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Computes SHA-256 of one buffer. WebCrypto answers with a promise, Node's `createHash` at once. */
export type Sha256 = (data: Bytes) => Bytes | Promise<Bytes>;

/** SHA-256 that answers at once, as Node's `crypto.hash` does. */
export type SyncSha256 = (data: Bytes) => Bytes;

/** Fills and returns `length` random bytes. */
export type RandomBytes = (length: number) => Bytes;

const HEX_DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hexadecimal text of `bytes`. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX_DIGITS[byte] ?? '';
  return text;
}

/** The bytes of an even number of hexadecimal digits, or `undefined` for any other text. */
export function fromHex(text: string): Bytes | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

export function concat(parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

/** Equality of public values such as hashes. Not constant-time: never use it on secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) return false;
  for (let i = 0; i < a.byteLength; i++) if (a[i] !== b[i]) return false;
  return true;
}
