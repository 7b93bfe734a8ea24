import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Hashing } from '../../hasher-service/hashing/port.js';
import { parseSignOptions, type SignOptions } from '../../hasher-service/static/config.js';
import { hashedName } from '../../hasher-service/state/names.js';
import { signAll, switchOff, type SigningReport } from '../../hasher-service/static/sign-site.js';
import type { CanonicalUrl, Site } from '../../src/core/brands.js';
import type { DigestClaims, PolicyClaims } from '../../src/protocol/hasher.js';
import { readKeySet } from '../../src/verify/keys.js';
import { isRevoked, verifyDigest, verifyPolicy, type Checked } from '../../src/verify/statements.js';
import { FakeClock } from './fake-clock.js';
import { plainHashing } from './plain-hashing.js';
import { sha256 } from './sha256.js';

export const SITE = 'https://www.example.com' as Site;

/** A directory with a site in it, signed beforehand, and read as visitors read it. */
export class StaticSite {
  readonly clock = new FakeClock();
  hashing: Hashing = plainHashing;

  private constructor(readonly root: string) {}

  /** Files by their path below the directory. */
  static async make(files: Readonly<Record<string, string | Uint8Array>> = {}): Promise<StaticSite> {
    const root = await mkdtemp(join(tmpdir(), 'static-'));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    const site = new StaticSite(root);
    await mkdir(site.directory);
    for (const [name, content] of Object.entries(files)) await site.write(name, content);
    return site;
  }

  get directory(): string {
    return join(this.root, 'public');
  }

  get out(): string {
    return join(this.directory, '.peerfold');
  }

  get data(): string {
    return join(this.root, 'data');
  }

  async write(name: string, content: string | Uint8Array): Promise<void> {
    const path = join(this.directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.directory, name), { recursive: true });
  }

  async sign(options: Partial<SignOptions> = {}): Promise<SigningReport> {
    const { clock, hashing } = this;
    return signAll(this.#config(options), { clock, hashing, sha256 });
  }

  async disable(options: Partial<SignOptions> = {}): Promise<void> {
    return switchOff(this.#config(options), { clock: this.clock, sha256 });
  }

  /** A published file; `undefined` when there is none. */
  published(path: string): Promise<Buffer | undefined> {
    return readFile(join(this.out, path)).catch(() => undefined);
  }

  async token(url: string): Promise<string | undefined> {
    return (await this.published(`v1/d/${hashedName(url)}`))?.toString();
  }

  /** What visitors' own verifier makes of a token, by the keys that are published now. */
  async check(token: string | undefined, site = SITE): Promise<Checked<DigestClaims>> {
    return verifyDigest(token ?? '', site, await this.#verification());
  }

  /** The claims of a token that visitors accept. Rejects when they do not. */
  async digest(path: string): Promise<DigestClaims> {
    const checked = await this.check(await this.token(new URL(path, SITE).href));
    if (checked.verdict !== 'verified') throw new Error(`${path} is ${checked.verdict}`);
    return checked.claims;
  }

  /** The claims of the policy that visitors accept. */
  async policy(): Promise<PolicyClaims> {
    const jws = (await this.published('v1/policy'))?.toString() ?? '';
    const checked = await verifyPolicy(jws, SITE, await this.#verification());
    if (checked.verdict !== 'verified') throw new Error(`the policy is ${checked.verdict}`);
    return checked.claims;
  }

  /** Whether visitors who have read the policy drop what they hold. */
  async isVoid(claims: DigestClaims): Promise<boolean> {
    return isRevoked(await this.policy(), claims);
  }

  /** Every published file, by its path below the output. */
  async all(): Promise<Map<string, Buffer>> {
    const entries = await readdir(this.out, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const read = files.map(async (file) => [file.slice(this.out.length + 1), await readFile(file)] as const);
    return new Map(await Promise.all(read));
  }

  async #verification() {
    const keys = await readKeySet(JSON.parse((await this.published('v1/jwks.json'))?.toString() ?? ''));
    return { keys: { find: (kid: string) => Promise.resolve(keys.get(kid)) }, clock: this.clock };
  }

  #config(options: Partial<SignOptions>) {
    return parseSignOptions({ directory: this.directory, site: SITE, data: this.data, ...options });
  }
}

export function urlOf(path: string): CanonicalUrl {
  return new URL(path, SITE).href as CanonicalUrl;
}
