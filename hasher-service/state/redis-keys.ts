import type { CanonicalUrl, Root, Site } from '../../src/core/brands.js';
import { hashedName } from './names.js';

/** Leads every key and channel of ours: others may share the database. */
const PREFIX = 'peerfold:hasher:';

/** What a statement is filed under. */
export function nameOf(site: Site, url: CanonicalUrl): string {
  return hashedName(`${site} ${url}`);
}

export const keys = {
  statement: (name: string) => `${PREFIX}statement:${name}`,
  layer: (root: Root) => `${PREFIX}layer:${root}`,
  lease: (name: string) => `${PREFIX}lease:${name}`,
  document: (name: string) => `${PREFIX}document:${name}`,
  /** Figures of one hour, counted since 1970: parts by the run that wrote them. */
  figures: (hour: number) => `${PREFIX}figures:${hour}`,
  /** Names of statements by the time (ms, the server's clock) at which they were kept. */
  changes: `${PREFIX}changes`,
  /** The highest version that may have been used. */
  high: `${PREFIX}high`,
} as const;

export const channels = {
  /** `<owner> <jws>`: a statement was kept. */
  said: `${PREFIX}said`,
  /** `<name>`: a lease has ended, with or without a statement. */
  ended: `${PREFIX}ended`,
} as const;
