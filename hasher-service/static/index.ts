import { hasherConfig } from '../config.js';
import { systemEnvironment, type Environment } from '../environment.js';
import { createHashing } from '../hashing/create-hashing.js';
import { parseSignOptions, type SignOptions } from './config.js';
import { signAll, switchOff, type SigningReport } from './sign-site.js';

export { signOptions, type SignOptions } from './config.js';
export { isFailure, sentenceFor, type Skipped, type SkipReason } from './skipping.js';
export type { SigningReport } from './sign-site.js';

type SignEnvironment = Pick<Environment, 'clock' | 'sha256' | 'hashWorker' | 'mediaParser'>;

/**
 * Signs every file of a directory that visitors may share, into files that any web server can serve in
 * the place of a hash service. What has not changed since the last run keeps its statements. Throws
 * `bad-config` for options that cannot be used, before anything is written.
 */
export async function signSite(
  options: SignOptions,
  environment: Partial<SignEnvironment> = {},
): Promise<SigningReport> {
  const config = parseSignOptions(options);
  const platform = { ...systemEnvironment, ...environment };
  const hashing = createHashing({ ...platform, threads: hasherConfig.shape.hashThreads.parse(undefined) });
  try {
    return await signAll(config, { ...platform, hashing });
  } finally {
    await hashing.close();
  }
}

/** Publishes that nothing is to be shared; visitors follow within five minutes. `signSite` takes it back. */
export async function disableSite(
  options: SignOptions,
  environment: Partial<SignEnvironment> = {},
): Promise<void> {
  await switchOff(parseSignOptions(options), { ...systemEnvironment, ...environment });
}
