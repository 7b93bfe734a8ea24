import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PeerfoldError } from '../../src/core/errors.js';
import { namesIn, readBounded, writeWhole } from '../state/files.js';
import { keys } from '../state/redis-keys.js';
import type { RedisLink } from '../state/redis-link.js';

export const HOUR = 3600;
/** How long figures are kept (s). */
export const KEPT = 35 * 24 * HOUR;

/** Hours are numbered since 1970. */
export type Hour = number;

/**
 * Where figures are kept: of each hour so many parts, each written by one run of one instance, as often as it likes.
 * Whoever reads adds them up.
 */
export interface FiguresStore {
  /** Rejects when it cannot be written now. */
  write(hour: Hour, part: string, text: string): Promise<void>;
  /** The parts of an hour by their names. Those that cannot be read now are missing. */
  read(hour: Hour): Promise<ReadonlyMap<string, string>>;
  /** Forgets all hours before this one. */
  sweep(before: Hour): Promise<void>;
}

/** The longest part that is read: a hundred busy sites (bytes). */
export const MAX_PART = 16 * 1024 * 1024;
/** Parts of an hour that are read: instances, and how often they were started. */
const MAX_PARTS = 100;
const ENDING = '.json';
/** How long (s) Redis keeps an hour after it was written: a day longer than anybody asks for it. */
const LIFE = KEPT + 24 * HOUR;

/** `figures/HOUR/PART.json` in the data directory. */
export class FigureFiles implements FiguresStore {
  readonly #directory: string;

  constructor(data: string) {
    this.#directory = join(data, 'figures');
  }

  async write(hour: Hour, part: string, text: string): Promise<void> {
    await writeWhole(join(this.#directory, String(hour), part + ENDING), text);
  }

  async read(hour: Hour): Promise<ReadonlyMap<string, string>> {
    const directory = join(this.#directory, String(hour));
    const parts = new Map<string, string>();
    const names = (await namesIn(directory)).filter((name) => name.endsWith(ENDING));
    for (const name of names.slice(0, MAX_PARTS)) {
      const bytes = await readBounded(join(directory, name), MAX_PART);
      if (bytes && bytes.byteLength <= MAX_PART)
        parts.set(name.slice(0, -ENDING.length), bytes.toString('utf8'));
    }
    return parts;
  }

  async sweep(before: Hour): Promise<void> {
    for (const name of await namesIn(this.#directory))
      if (/^\d{1,9}$/.test(name) && Number(name) < before)
        await rm(join(this.#directory, name), { recursive: true, force: true });
  }
}

/** A hash of parts for each hour in Redis, which forgets it by itself. While Redis is away, nothing is kept there. */
export class RedisFigures implements FiguresStore {
  constructor(private readonly link: RedisLink) {}

  async write(hour: Hour, part: string, text: string): Promise<void> {
    const key = keys.figures(hour);
    const answer = await this.link.attempt((client) =>
      client.multi().hSet(key, part, text).expire(key, LIFE).exec(),
    );
    if (!answer) throw new PeerfoldError('store-failed', 'Redis is away; figures are written later.');
  }

  async read(hour: Hour): Promise<ReadonlyMap<string, string>> {
    const answer = await this.link.attempt((client) => client.hGetAll(keys.figures(hour)));
    return new Map(Object.entries(answer?.reply ?? {}).slice(0, MAX_PARTS));
  }

  async sweep(): Promise<void> {
    return Promise.resolve();
  }
}
