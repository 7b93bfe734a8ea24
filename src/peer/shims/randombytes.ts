/** Stands in for the package `randombytes`, of which simple-peer only ever takes hexadecimal text. */
module.exports = (length: number) =>
  Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
