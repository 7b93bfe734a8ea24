/** Stands in for the package `buffer`, of which simple-peer uses only this: bytes of a received message. */
export const Buffer = { from: (data: ArrayBuffer): Uint8Array<ArrayBuffer> => new Uint8Array(data) };
