import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CanonicalUrl, Site } from '../../src/core/brands.js';
import { MAX_TOKEN_LENGTH } from '../../src/core/limits.js';
import type { Signer, Statement, Token } from '../signing/statements.js';
import { namesIn, readBounded, writeUnsynced } from './files.js';
import { hashedName } from './names.js';
import type { LayerFiles } from './layer-files.js';
import { Turns } from './turns.js';

/** What the archive tells the log. */
export interface ArchiveLog {
  warn(details: object, message: string): void;
}

export interface StatementFilesOptions {
  readonly directory: string;
  /** The first one's files carry plain names, as static signing of one site writes them. */
  readonly sites: readonly Site[];
  readonly signer: Pick<Signer, 'reopen'>;
  readonly layers: LayerFiles;
  readonly log: ArchiveLog;
  /** Told what a statement was about that had to be removed, when that can be told. */
  readonly onLost: (statement: Statement) => void;
}

const NAME_SHAPE = /^[0-9a-f]{64}(\.[0-9a-f]{16})?$/;

/**
 * Statements as files: `<sha256 of the URL>` holds a JWS; those of further sites have the site's hash in
 * their name. What is under such a name and cannot be used is removed. Readers and writers of one file
 * take turns, so that nobody removes what another has just mended.
 */
export class StatementFiles {
  readonly #turns = new Turns();

  constructor(private readonly options: StatementFilesOptions) {}

  get directory(): string {
    return this.options.directory;
  }

  nameOf(site: Site, url: CanonicalUrl): string {
    const suffix = site === this.options.sites[0] ? '' : `.${hashedName(site).slice(0, 16)}`;
    return hashedName(url) + suffix;
  }

  async names(): Promise<string[]> {
    return (await namesIn(this.options.directory)).filter((name) => NAME_SHAPE.test(name));
  }

  /** The statement under a name: signed by us, about what the name says, its layer there. */
  read(name: string): Promise<Statement | undefined> {
    return this.#turns.take(name, () => this.#open(name));
  }

  /**
   * Writes a statement where it `mayReplace` what is there; then `done` runs before anybody else reads or
   * writes the file. Resolves to what was there.
   */
  write(
    statement: Statement,
    mayReplace: (kept: Statement | undefined) => boolean,
    done: () => Promise<void>,
  ): Promise<Statement | undefined> {
    const name = this.nameOf(statement.claims.aud, statement.claims.sub);
    return this.#turns.take(name, async () => {
      const kept = await this.#open(name);
      if (mayReplace(kept)) {
        await writeUnsynced(this.#pathOf(name), statement.jws);
        await done();
      }
      return kept;
    });
  }

  /** Removes a statement, unless it was replaced. */
  remove(name: string, { jws }: Statement): Promise<void> {
    return this.#turns.take(name, async () => {
      if ((await this.#open(name))?.jws === jws) await rm(this.#pathOf(name), { force: true });
    });
  }

  async #open(name: string): Promise<Statement | undefined> {
    const bytes = await readBounded(this.#pathOf(name), MAX_TOKEN_LENGTH);
    if (!bytes) return undefined;
    const statement = await this.options.signer.reopen(bytes.toString('latin1'));
    if (!statement || this.nameOf(statement.claims.aud, statement.claims.sub) !== name)
      return this.#drop(name, 'it is no statement of ours about this URL');
    if (statement.kind === 'refusal' || (await this.#hasLayer(statement))) return statement;
    this.options.onLost(statement);
    return this.#drop(name, 'its layer is gone or broken');
  }

  #hasLayer({ claims: { root, len, piece } }: Token): Promise<boolean> {
    return this.options.layers.has(root, { length: len, piece });
  }

  async #drop(name: string, reason: string): Promise<undefined> {
    const path = this.#pathOf(name);
    this.options.log.warn({ path, reason }, 'removed a file that cannot be used');
    await rm(path, { force: true, recursive: true });
    return undefined;
  }

  #pathOf(name: string): string {
    return join(this.options.directory, name);
  }
}
