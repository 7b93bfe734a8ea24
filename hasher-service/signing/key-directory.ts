import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PeerfoldError, reasonOf } from '../../src/core/errors.js';
import { namesIn, readIfThere, removeUnfinished, writeWhole } from '../state/files.js';
import { readKey, type SigningKey } from './key-file.js';
import { readSecret, secretDirectory, writeSecret } from './secrets.js';

const KEY = '.json';
const REVOKED = '.revoked';

/** What the files hold. */
export interface Keys {
  readonly keys: readonly SigningKey[];
  /** Key ids that are revoked, and when (ms), where that can be read. */
  readonly revoked: ReadonlyMap<string, number | undefined>;
  /** By key id, which files cannot be used, and why. */
  readonly faults: ReadonlyMap<string, PeerfoldError>;
}

/** Whether keys were ever kept in a data directory; to list those of any folder makes `keys/` there, too. */
export async function hasKeys(data: string): Promise<boolean> {
  const names = await namesIn(new KeyDirectory(data).path);
  return names.some((name) => name.endsWith(KEY) || name.endsWith(REVOKED));
}

/**
 * The keys in a data directory: `keys/KID.json` holds a key, `keys/KID.revoked` says that it must not be
 * believed any more, also when its file turns up again. Services and the command work in it at once.
 */
export class KeyDirectory {
  readonly path: string;

  constructor(data: string) {
    this.path = join(data, 'keys');
  }

  /** Makes the directory where there is none. */
  async make(): Promise<void> {
    await secretDirectory(this.path);
  }

  /** Clears away what a killed process left half-written. */
  async tidy(): Promise<void> {
    await removeUnfinished(this.path);
  }

  /** Differs from what it was when a file has come, gone or changed. */
  async version(): Promise<string> {
    const names = [...(await this.#names(KEY)), ...(await this.#names(REVOKED))];
    const stamps = names.map(async (name) => {
      // A file that goes away in between is as if it had gone before.
      const found = await lstat(join(this.path, name)).catch(() => undefined);
      return found && `${name} ${found.mtimeMs} ${found.size} ${found.ino} ${found.mode} ${found.uid}`;
    });
    return (await Promise.all(stamps)).join('\n');
  }

  async read(): Promise<Keys> {
    const revoked = new Map<string, number | undefined>();
    for (const kid of await this.#kids(REVOKED)) revoked.set(kid, await this.#revokedAt(kid));
    const faults = new Map<string, PeerfoldError>();
    const keys: SigningKey[] = [];
    for (const kid of await this.#kids(KEY)) {
      if (revoked.has(kid)) continue;
      try {
        const key = await this.#key(kid);
        if (key) keys.push(key);
      } catch (error) {
        faults.set(kid, this.#fault(kid, error));
      }
    }
    return { keys, revoked, faults };
  }

  async write(kid: string, text: string): Promise<void> {
    await writeSecret(join(this.path, kid + KEY), text);
  }

  /** The text of a key file, to change it. */
  readText(kid: string): Promise<string | undefined> {
    return readSecret(join(this.path, kid + KEY));
  }

  /** First the word that it is revoked, then the key itself goes. */
  async revoke(kid: string, now: number): Promise<void> {
    await writeWhole(join(this.path, kid + REVOKED), String(now));
    await this.remove(kid);
  }

  async remove(kid: string): Promise<void> {
    await rm(join(this.path, kid + KEY), { force: true });
  }

  async #key(kid: string): Promise<SigningKey | undefined> {
    const text = await this.readText(kid);
    const key = text === undefined ? undefined : await readKey(text);
    // A file with another key's name would be missed by whoever looks for that key.
    if (key && key.kid !== kid) throw new PeerfoldError('bad-config', 'its name is not its kid');
    return key;
  }

  /** A damaged file says by its name what matters. */
  async #revokedAt(kid: string): Promise<number | undefined> {
    const at = Number(await readIfThere(join(this.path, kid + REVOKED)).catch(() => undefined));
    return Number.isSafeInteger(at) && at > 0 ? at : undefined;
  }

  #fault(kid: string, error: unknown): PeerfoldError {
    const path = join(this.path, kid + KEY);
    const reason = reasonOf(error);
    const isNamed = reason.startsWith(path);
    return new PeerfoldError('bad-config', isNamed ? reason : `${path} is not a usable key: ${reason}`);
  }

  async #kids(ending: string): Promise<string[]> {
    return (await this.#names(ending)).map((name) => name.slice(0, -ending.length));
  }

  async #names(ending: string): Promise<string[]> {
    return (await readdir(this.path)).filter((name) => name.endsWith(ending)).sort();
  }
}
