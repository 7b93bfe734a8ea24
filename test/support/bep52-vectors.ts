import type { Bytes } from '../../src/core/bytes.js';

/** A file whose `pieces root` was published. */
export interface Vector {
  readonly torrent: string;
  readonly length: number;
  readonly root: string;
  /** The torrent's piece length in bytes, and nodes of its `piece layers` entry by their index. */
  readonly piece: number;
  readonly layer: Readonly<Record<number, string>>;
  /** Writes the bytes from `start` on, a multiple of 16 KiB. */
  readonly fill: (into: Bytes, start: number) => void;
}

const BLOCK = 16 * 1024;
const MIB = 1024 * 1024;

/** Zeros, as any fresh buffer. */
const zeros = (into: Bytes): unknown => into.fill(0);

/**
 * What `generate_block` of libtorrent's examples/connection_tester.cpp writes: each block of 16 KiB
 * repeats one little-endian word, which numbers its piece and the block in the piece.
 */
function numbered(into: Bytes, start: number): void {
  for (let at = 0; at < into.byteLength; at += BLOCK) {
    const piece = Math.floor((start + at) / MIB);
    const block = ((start + at) % MIB) / BLOCK;
    const words = Math.min(BLOCK, into.byteLength - at) / 4;
    new Uint32Array(into.buffer, into.byteOffset + at, words).fill(piece * 256 + block);
  }
}

const ZERO_64K = '60aae9c7b428f87e0713e88229e18f0adf12cd7b22a0dd8a92bb2485eb7af242';

/** From test/test_torrents of github.com/arvidn/libtorrent, at 069017e3348e8998ad585c86a5b7eba035d47006. */
export const VECTORS: readonly Vector[] = [
  { torrent: 'v2.torrent', length: 65_536, root: ZERO_64K, piece: 65_536, layer: {}, fill: zeros },
  {
    torrent: 'v2_multipiece_file.torrent',
    length: MIB,
    root: '515ea9181744b817744ded9d2e8e9dc6a8450c0b0c52e24b5077f302ffbd9008',
    piece: 65_536,
    layer: { 0: ZERO_64K, 15: ZERO_64K },
    fill: zeros,
  },
];

/** The first file of v2_multiple_files.torrent there: nearly a gigabyte. */
export const LARGE_VECTOR: Vector = {
  torrent: 'v2_multiple_files.torrent',
  length: 1_048_576_000,
  root: '6dae0824f0dc38043079dfacce900cb7b24f308868c2dff3b23f9af2f218903d',
  piece: MIB,
  layer: {
    0: 'edc7c54f3c543dcbd9a62b204f44db2b1a95e15533a3b400952d092b8b5015e4',
    1: '922209676c9f49c5393c0e7a524933f431aa64aa77c5af4d11ed12c69c0b41b7',
    999: '922f6afbe107fbbc66d46c733b4a083e2ee76ac6fde2be9a14f997f76c6d342e',
  },
  fill: numbered,
};
