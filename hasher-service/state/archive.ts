import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { concat, type Bytes } from '../../src/core/bytes.js';
import type { CanonicalUrl, Root, Site } from '../../src/core/brands.js';
import { HASH_LENGTH } from '../../src/core/merkle.js';
import { pieceCount } from '../../src/core/pieces.js';
import type { DigestClaims } from '../../src/protocol/hasher.js';
import { UNFINISHED, isMissing, readIfThere, writeWhole } from './files.js';
import type { Signer, Statement } from '../signing/statements.js';

/** What the archive tells the log. */
export interface ArchiveLog {
  warn(details: object, message: string): void;
}

export interface ArchiveOptions {
  readonly data: string;
  readonly sites: readonly Site[];
  readonly signer: Signer;
  readonly log: ArchiveLog;
}

/**
 * Statements and layers on disk, in the layout of static signing: `d/<sha256 of the URL>` holds a JWS,
 * `layers/<root>` the hashes of a layer end to end. Statements for further sites have the site's hash
 * in their name. Files are read with suspicion: what is not a statement of ours, or names a layer
 * that is gone, is removed.
 */
export class Archive {
  constructor(private readonly options: ArchiveOptions) {}

  /** The statement kept for `url`, current or not. */
  async read(site: Site, url: CanonicalUrl): Promise<Statement | undefined> {
    const path = this.#pathOf(site, url);
    const statement = await this.#open(path);
    if (!statement) return undefined;
    if (statement.claims.aud === site && statement.claims.sub === url) return statement;
    await this.#drop(path);
    return undefined;
  }

  async write(statement: Statement): Promise<void> {
    const { aud, sub } = statement.claims;
    await writeWhole(this.#pathOf(aud, sub), statement.jws);
  }

  /** The layer of `root` as it goes over the wire. */
  readLayer(root: Root): Promise<Buffer<ArrayBuffer> | undefined> {
    return readIfThere(this.#layerPath(root));
  }

  /** Keeps a layer; must come before the statement that names its root. */
  async writeLayer(root: Root, layer: readonly Bytes[]): Promise<void> {
    await writeWhole(this.#layerPath(root), concat(layer));
  }

  /** Removes what a killed process left half-written; must run before any write. */
  async tidy(): Promise<void> {
    for (const directory of [this.#statements(), this.#layers()]) {
      const unfinished = (await namesIn(directory)).filter((name) => name.endsWith(UNFINISHED));
      await Promise.all(unfinished.map((name) => rm(join(directory, name), { force: true })));
    }
  }

  /** Every statement kept, read one after the other; what cannot be used is removed. */
  async *all(): AsyncIterable<Statement> {
    for (const name of await namesIn(this.#statements())) {
      const statement = name.endsWith(UNFINISHED)
        ? undefined
        : await this.#open(join(this.#statements(), name));
      if (statement) yield statement;
    }
  }

  /** Removes layers that were written before `before` (ms) and are not among `wanted`. */
  async removeLayers(wanted: ReadonlySet<string>, before: number): Promise<void> {
    for (const name of await namesIn(this.#layers())) {
      const path = join(this.#layers(), name);
      if (!wanted.has(name) && (await stat(path)).mtimeMs < before) await rm(path, { force: true });
    }
  }

  /** Removes a statement that is of no more use. */
  async remove({ claims }: Statement): Promise<void> {
    await rm(this.#pathOf(claims.aud, claims.sub), { force: true });
  }

  async #open(path: string): Promise<Statement | undefined> {
    const bytes = await readIfThere(path);
    if (!bytes) return undefined;
    const statement = await this.options.signer.reopen(bytes.toString('latin1'));
    const usable = statement && (statement.kind === 'refusal' || (await this.#hasLayer(statement.claims)));
    if (usable) return statement;
    await this.#drop(path);
    return undefined;
  }

  async #hasLayer(claims: DigestClaims): Promise<boolean> {
    try {
      const { size } = await stat(this.#layerPath(claims.root));
      return size === pieceCount({ length: claims.len, piece: claims.piece }) * HASH_LENGTH;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async #drop(path: string): Promise<void> {
    this.options.log.warn({ path }, 'removed a file that is no statement of ours, or whose layer is gone');
    await rm(path, { force: true });
  }

  #statements(): string {
    return join(this.options.data, 'd');
  }

  #layers(): string {
    return join(this.options.data, 'layers');
  }

  #layerPath(root: Root): string {
    return join(this.#layers(), root);
  }

  /** The first site's files carry the plain name, as static signing of one site writes them. */
  #pathOf(site: Site, url: CanonicalUrl): string {
    const suffix = site === this.options.sites[0] ? '' : `.${sha256Hex(site).slice(0, 16)}`;
    return join(this.#statements(), sha256Hex(url) + suffix);
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
