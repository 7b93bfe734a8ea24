import { randomUUID } from 'node:crypto';
import { PeerfoldError } from '../../src/core/errors.js';
import type { DocumentName, Documents } from './documents.js';
import { keys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';
import { SWAP } from './redis-scripts.js';

/** A value is `<number> <UUID>`, which is the version, a newline, and the text. This holds the first line. */
const FIRST_LINE = 64;
const NONE = '';

/**
 * Documents in Redis. While Redis is away they are what they were when it was last there, and cannot be
 * changed. Nobody removes a document, and each change raises its number: one that is gone, or older than
 * it was, was lost with Redis's memory, and whoever still knows it puts it back. A switch that was thrown
 * must stay thrown. Nothing here is signed: whoever can write to Redis is the operator.
 */
export class RedisDocuments implements Documents {
  /** The newest values that were seen. */
  readonly #seen = new Map<DocumentName, string>();

  constructor(private readonly link: RedisLink) {}

  async read(name: DocumentName): Promise<string | undefined> {
    return textOf(await this.#value(name));
  }

  async update(name: DocumentName, change: (before?: string) => string): Promise<string> {
    for (;;) {
      const value = await this.#value(name);
      const after = change(textOf(value));
      if (after === textOf(value)) return after;
      if (await this.#swap(name, value, `${numberOf(value) + 1} ${randomUUID()}\n${after}`)) return after;
    }
  }

  async version(name: DocumentName): Promise<string> {
    const seen = this.#seen.get(name) ?? NONE;
    const answer = await this.link.attempt((client) =>
      client.getRange(keys.document(name), 0, FIRST_LINE - 1),
    );
    if (!answer) return versionOf(seen);
    const found = answer.reply ?? NONE;
    return versionOf(numberOf(found) < numberOf(seen) ? await this.#value(name) : found);
  }

  /** Rejects when it was never known. */
  async #value(name: DocumentName): Promise<string> {
    const seen = this.#seen.get(name);
    const answer = await this.link.attempt((client) => client.get(keys.document(name)));
    if (!answer) {
      if (seen !== undefined) return seen;
      throw new PeerfoldError('store-failed', `Redis is away; what the ${name} document says is not known.`);
    }
    const found = answer.reply ?? NONE;
    if (seen === undefined || numberOf(found) >= numberOf(seen)) {
      this.#seen.set(name, found);
      return found;
    }
    await this.#swap(name, found, seen);
    return seen;
  }

  /** Writes `after` unless somebody else has written since; whether it did. Rejects when Redis is away. */
  async #swap(name: DocumentName, before: string, after: string): Promise<boolean> {
    const answer = await this.link.run(SWAP, [keys.document(name)], [before, after]);
    if (!answer) throw new PeerfoldError('store-failed', `Redis is away; ${name} cannot be changed now.`);
    const isDone = answer[0] === 'done';
    if (isDone) this.#seen.set(name, after);
    return isDone;
  }
}

function versionOf(value: string): string {
  return value.split('\n', 1)[0] ?? NONE;
}

/** 0 for none, and for what is not ours. */
function numberOf(value: string): number {
  return Number(/^(\d{1,15}) /.exec(value)?.[1] ?? 0);
}

function textOf(value: string): string | undefined {
  return value === NONE ? undefined : value.slice(value.indexOf('\n') + 1);
}
