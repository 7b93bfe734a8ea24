import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BoundedMap } from '../../src/core/bounded-map.js';
import { concat, type Bytes, type Sha256 } from '../../src/core/bytes.js';
import { isRoot, type Root } from '../../src/core/brands.js';
import { MAX_PIECE_COUNT } from '../../src/core/limits.js';
import { HASH_LENGTH } from '../../src/core/merkle.js';
import { pieceCount, type Cut } from '../../src/core/pieces.js';
import { isMissing, namesIn, readBounded, writeUnsynced } from './files.js';
import { isLayerOf } from './layer-check.js';

const MAX_LENGTH = MAX_PIECE_COUNT * HASH_LENGTH;
/** Roots whose layer was checked in this run: 100 bytes each; a forgotten one is checked again. */
const MAX_CHECKED = 100_000;

/**
 * Layers as files `<root>`, hashes end to end. A file is checked against its root when it is first read
 * in a run; one that does not fit is removed.
 */
export class LayerFiles {
  /** Lengths of the layers that were checked. */
  readonly #checked = new BoundedMap<Root, number>(MAX_CHECKED);

  constructor(
    readonly directory: string,
    private readonly sha256: Sha256,
  ) {}

  async read(root: Root): Promise<Bytes | undefined> {
    const bytes = await readBounded(this.#pathOf(root), MAX_LENGTH);
    if (!bytes) return undefined;
    if (this.#checked.get(root) === bytes.byteLength) return bytes;
    if (await isLayerOf(this.sha256, root, bytes)) {
      this.#checked.set(root, bytes.byteLength);
      return bytes;
    }
    await this.#remove(root);
    return undefined;
  }

  /** Whether the layer is there that a token with this root and cut promises. */
  async has(root: Root, cut: Cut): Promise<boolean> {
    const length = pieceCount(cut) * HASH_LENGTH;
    if (this.#checked.get(root) === length) return (await this.#lengthOf(root)) === length;
    const bytes = await readBounded(this.#pathOf(root), length);
    if (!bytes) return false;
    const isSound = await isLayerOf(this.sha256, root, bytes, cut);
    if (isSound) this.#checked.set(root, length);
    else await this.#remove(root);
    return isSound;
  }

  async write(root: Root, layer: readonly Bytes[]): Promise<void> {
    const bytes = concat(layer);
    await writeUnsynced(this.#pathOf(root), bytes);
    this.#checked.set(root, bytes.byteLength);
  }

  /** Removes layers that were written before `before` (ms) and are not among `wanted`. */
  async removeOthers(wanted: ReadonlySet<string>, before: number): Promise<void> {
    for (const name of await namesIn(this.directory)) {
      if (!isRoot(name) || wanted.has(name)) continue;
      const written = await modifiedAt(this.#pathOf(name));
      // Asked again: a token that names it may have been written since.
      if (written !== undefined && written < before && !wanted.has(name)) await this.#remove(name);
    }
  }

  async #remove(root: Root): Promise<void> {
    this.#checked.delete(root);
    await rm(this.#pathOf(root), { force: true, recursive: true });
  }

  async #lengthOf(root: Root): Promise<number | undefined> {
    try {
      return (await stat(this.#pathOf(root))).size;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  #pathOf(root: Root): string {
    return join(this.directory, root);
  }
}

async function modifiedAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
