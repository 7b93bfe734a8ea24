import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bytes, Sha256 } from '../../src/core/bytes.js';
import type { CanonicalUrl, Root, Site } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import { PeerfoldError } from '../../src/core/errors.js';
import { isKept } from '../judging/refusals.js';
import type { Signer, Statement, Token } from '../signing/statements.js';
import { ArchiveIndex } from './archive-index.js';
import { removeUnfinished } from './files.js';
import { LayerFiles } from './layer-files.js';
import { pause } from '../pause.js';
import type { State, StateListener } from './port.js';
import { StatementFiles, type ArchiveLog } from './statement-files.js';
import { voucherOf, type Voucher } from './voucher.js';

export interface ArchiveOptions {
  readonly data: string;
  readonly sites: readonly Site[];
  readonly signer: Pick<Signer, 'reopen'>;
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly log: ArchiveLog;
}

/** Tokens are kept this long after their end (s), because an unchanged file then needs no new fetch. */
const KEEP_EXPIRED = 7 * 24 * 3600;
/** Layers younger than this (ms) may belong to a token that is being written. */
const LAYER_GRACE = 24 * 3600_000;
/** Files read at a time while a tracker waits for it. */
const READ_AT_ONCE = 8;
/** A survey rests after so many files, for so long (ms): at most 1,600 files a second. */
const FILES_BETWEEN_RESTS = 32;
const REST = 20;

/**
 * State in files, in the layout of static signing and of the service's own paths: `v1/d/<sha256 of the
 * URL>` holds a JWS, `v1/layers/<root>` the hashes of a layer end to end. Files are the truth. Each is
 * checked when it is read, so none is synced: what a power cut spoils is found, removed and made anew.
 *
 * Beside them lies an index, so that a start need not read every file. It is derived: an entry
 * counts only while the file is there, a file without an entry is read, and each survey writes the whole
 * anew from what it read. Only one thing stands there alone: the version up to which versions may be used
 * up. That is synced before a statement with such a version is given out, so that not even a power cut
 * and a clock that was set back can make `ver` fall.
 */
export class Archive implements State {
  readonly trouble = undefined;
  readonly #layers: LayerFiles;
  readonly #statements: StatementFiles;
  #opened: { readonly index: ArchiveIndex; readonly listener: StateListener } | undefined;
  /** Files that the index did not know at the start. */
  #unknown: readonly string[] = [];
  /** While a survey goes on: the roots whose layers must stay. */
  #wanted: Set<string> | undefined;

  constructor(private readonly options: ArchiveOptions) {
    const { data, sites, signer, log, sha256 } = options;
    this.#layers = new LayerFiles(join(data, 'v1', 'layers'), sha256);
    this.#statements = new StatementFiles({
      directory: join(data, 'v1', 'd'),
      sites,
      signer,
      log,
      layers: this.#layers,
      onLost: ({ claims: { aud, sub } }) => this.#opened?.listener.forget(aud, sub),
    });
  }

  async open(listener: StateListener): Promise<void> {
    await mkdir(this.#indexFolder, { recursive: true });
    const path = join(this.#indexFolder, 'journal');
    const { index, recollection } = await ArchiveIndex.open(path, this.#statements);
    this.#opened = { index, listener };
    this.#unknown = recollection.unknown;
    listener.remember(recollection.used);
    for (const { voucher } of recollection.entries) if (voucher) this.#vouch(voucher);
  }

  async recall(signal: AbortSignal): Promise<void> {
    const names = this.#unknown.values();
    const readers = Array.from({ length: READ_AT_ONCE }, async () => {
      for (const name of names) {
        if (signal.aborted) return;
        const statement = await this.#statements.read(name);
        if (!statement) continue;
        this.#tell(statement);
        await this.#index.add(statement);
      }
    });
    await Promise.all(readers);
    this.#unknown = [];
  }

  read(site: Site, url: CanonicalUrl): Promise<Statement | undefined> {
    return this.#statements.read(this.#statements.nameOf(site, url));
  }

  async write(statement: Statement): Promise<Statement> {
    await this.reserve(statement.claims.ver);
    if (statement.kind === 'digest') await this.#needLayer(statement);
    const kept = await this.#statements.write(
      statement,
      (before) => takesPlaceOf(statement, before),
      () => this.#index.add(statement),
    );
    return kept && kept.claims.ver > statement.claims.ver ? kept : statement;
  }

  readLayer(root: Root): Promise<Bytes | undefined> {
    return this.#layers.read(root);
  }

  async writeLayer(root: Root, layer: readonly Bytes[]): Promise<void> {
    this.#wanted?.add(root);
    await this.#layers.write(root, layer);
  }

  reserve(ver: number): Promise<void> {
    return this.#index.reserve(ver);
  }

  /** There is no other instance: a data directory belongs to one. */
  alone(_site: Site, _url: CanonicalUrl, work: () => Promise<void>): Promise<void> {
    return work();
  }

  async survey(signal: AbortSignal): Promise<boolean> {
    const wanted = new Set<string>();
    this.#wanted = wanted;
    try {
      for (const folder of [this.#indexFolder, this.#statements.directory, this.#layers.directory])
        await removeUnfinished(folder);
      await this.#index.rewrite(async (add) => {
        await this.#readAll(signal, add, wanted);
        await this.#layers.removeOthers(wanted, this.options.clock.now() - LAYER_GRACE);
      });
      return true;
    } finally {
      this.#wanted = undefined;
    }
  }

  async close(): Promise<void> {
    await this.#opened?.index.close();
  }

  async #readAll(
    signal: AbortSignal,
    add: (statement: Statement) => Promise<void>,
    wanted: Set<string>,
  ): Promise<void> {
    const { clock } = this.options;
    let count = 0;
    for (const name of await this.#statements.names()) {
      if (++count % FILES_BETWEEN_RESTS === 0) await pause(clock, REST, signal);
      signal.throwIfAborted();
      const statement = await this.#statements.read(name);
      if (!statement) continue;
      if (isOver(statement, clock.now() / 1000)) await this.#statements.remove(name, statement);
      else {
        this.#tell(statement);
        if (statement.kind === 'digest') wanted.add(statement.claims.root);
        await add(statement);
      }
    }
  }

  async #needLayer({ claims: { aud, sub, root, len, piece } }: Token): Promise<void> {
    this.#wanted?.add(root);
    if (await this.#layers.has(root, { length: len, piece })) return;
    this.#opened?.listener.forget(aud, sub);
    throw new PeerfoldError('store-failed', 'The layer is gone; the file must be read again.');
  }

  #tell(statement: Statement): void {
    if (statement.kind === 'digest') this.#vouch(voucherOf(statement));
    else this.#opened?.listener.remember(statement.claims.ver);
  }

  #vouch(voucher: Voucher): void {
    if (voucher.exp > this.options.clock.now() / 1000) this.#opened?.listener.vouch(voucher);
    else this.#opened?.listener.remember(voucher.ver);
  }

  get #indexFolder(): string {
    return join(this.options.data, 'index');
  }

  get #index(): ArchiveIndex {
    if (!this.#opened) throw new PeerfoldError('store-failed', 'the archive was not opened');
    return this.#opened.index;
  }
}

/**
 * A short refusal is not worth a file, and would let strangers fill the disk with invented URLs; but it
 * is kept where it takes the place of a token that would otherwise be given out again after a restart.
 */
function takesPlaceOf(statement: Statement, before: Statement | undefined): boolean {
  if (before && before.claims.ver > statement.claims.ver) return false;
  if (statement.kind === 'digest' || isKept(statement.claims.code)) return true;
  return before?.kind === 'digest' && before.claims.exp > statement.claims.iat;
}

function isOver({ kind, claims }: Statement, now: number): boolean {
  return claims.exp < (kind === 'digest' ? now - KEEP_EXPIRED : now);
}
