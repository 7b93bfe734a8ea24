import { Reader } from 'mmdb-lib';
import { isObject } from '../../src/protocol/check.js';
import type { Surroundings } from './places.js';

type Database = Reader<Record<string, never>>;

const MAX_SYSTEM = 2 ** 32 - 1;

/** Databases in MaxMind's format that know the autonomous system, the country or both of an address. */
export class Networks {
  #databases: readonly Database[] = [];

  /** Throws when one is not a database; then the former ones stay in use. */
  use(files: readonly Buffer[]): void {
    this.#databases = files.map(readerOf);
  }

  /** Where two databases know the same, the first one counts. */
  surroundingsOf(address: string): Surroundings {
    let [system, country] = [0, 0];
    for (const database of this.#databases) {
      const found = lookUp(database, address);
      if (!isObject(found)) continue;
      system ||= systemIn(found);
      country ||= countryIn(found['country']);
    }
    return { system, country };
  }
}

function readerOf(file: Buffer): Database {
  try {
    return new Reader(file);
  } catch (cause) {
    throw new Error('not a database in MaxMind’s format', { cause });
  }
}

/** A database can be broken in places: whoever is there is nowhere. */
function lookUp(database: Database, address: string): unknown {
  try {
    return database.get(address);
  } catch {
    return undefined;
  }
}

function systemIn(found: Readonly<Record<string, unknown>>): number {
  const system = found['autonomous_system_number'];
  const isSystem = typeof system === 'number' && Number.isInteger(system) && system > 0;
  return isSystem && system <= MAX_SYSTEM ? system : 0;
}

/** The two letters of ISO 3166 as 16 bits. */
function countryIn(country: unknown): number {
  const code = isObject(country) ? country['iso_code'] : undefined;
  if (typeof code !== 'string' || !/^[A-Z]{2}$/.test(code)) return 0;
  return (code.charCodeAt(0) << 8) | code.charCodeAt(1);
}
