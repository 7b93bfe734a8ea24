import { createHash } from 'node:crypto';

/**
 * A second `pieces root`, written from the text of BEP 52 alone and as plainly as possible: all
 * leaves in an array, padded with zero hashes to a power of two, paired until one is left. It shares
 * nothing with src/core/merkle.ts, which never builds the padding.
 */
const BLOCK = 16 * 1024;
const ZERO = Buffer.alloc(32);

function digest(...parts: Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function paddedLeaves(content: Uint8Array): Buffer[] {
  const leaves: Buffer[] = [];
  for (let at = 0; at < content.length; at += BLOCK) leaves.push(digest(content.subarray(at, at + BLOCK)));
  while (leaves.length === 0 || (leaves.length & (leaves.length - 1)) !== 0) leaves.push(ZERO);
  return leaves;
}

function pairUp(row: readonly Buffer[]): Buffer[] {
  const above: Buffer[] = [];
  for (let i = 0; i < row.length; i += 2) above.push(digest(row[i] ?? ZERO, row[i + 1] ?? ZERO));
  return above;
}

/** The whole tree, from the padded leaves (first) to the row that holds only the root (last). */
export function treeOf(content: Uint8Array): Buffer[][] {
  const rows = [paddedLeaves(content)];
  for (let row = rows[0] ?? []; row.length > 1;) {
    row = pairUp(row);
    rows.push(row);
  }
  return rows;
}

export function piecesRoot(content: Uint8Array): string {
  return treeOf(content).at(-1)?.[0]?.toString('hex') ?? '';
}

/** The row whose nodes cover one piece each, cut to the pieces that hold bytes of the content. */
export function pieceLayer(content: Uint8Array, piece: number): string[] {
  const row = treeOf(content)[Math.log2(piece / BLOCK)] ?? [];
  return row.slice(0, Math.ceil(content.length / piece)).map((hash) => hash.toString('hex'));
}
