import type { Bytes, SyncSha256 } from '../../src/core/bytes.js';
import { MerkleAssembler, type Hashed } from '../../src/core/merkle-assembler.js';
import type { HashPool } from './hash-pool.js';
import type { SlabJob, SlabResult } from './slab-jobs.js';

/**
 * One file being hashed: its slabs go out to threads as these have room, and what comes back is put
 * together in the order of the file.
 */
export class HashRun {
  readonly #assembler: MerkleAssembler;
  /** Settles when every job so far has; never rejects. */
  #settled: Promise<void> = Promise.resolve();
  #given = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly pool: HashPool,
    sha256: SyncSha256,
    /** Told at once when a slab that was handed over is back, and which of the file it was. */
    private readonly onReturn: (slab: Bytes, index: number) => void = () => undefined,
  ) {
    this.#assembler = new MerkleAssembler(sha256);
  }

  /** Resolves when the next slab may be given; rejects when an earlier one has failed. */
  async give(job: SlabJob): Promise<void> {
    if (this.#failure) throw this.#failure.error;
    const { outcome } = await this.pool.submit(job);
    this.#settled = this.#take(this.#given++, outcome, this.#settled);
  }

  /** Resolves when no thread works for this file any more. */
  settled(): Promise<void> {
    return this.#settled;
  }

  /** After the last slab; `undefined` when there were no bytes. */
  async finish(): Promise<Hashed | undefined> {
    await this.#settled;
    if (this.#failure) throw this.#failure.error;
    return this.#assembler.finish();
  }

  async #take(index: number, outcome: Promise<SlabResult>, before: Promise<void>): Promise<void> {
    try {
      const { hashes, slab } = await outcome;
      if (slab) this.onReturn(slab, index);
      await before;
      if (!this.#failure) this.#assembler.add(hashes);
    } catch (error) {
      await before;
      this.#failure ??= { error };
    }
  }
}
