import type { Clock } from '../../src/core/clock.js';
import type { TrackerConfig } from '../config.js';
import { Certificate } from './certificate.js';
import { LiveFiles } from './live-files.js';
import type { Log } from './log.js';
import { Networks } from './networks.js';

export interface OperatorFilesOptions {
  readonly config: Pick<TrackerConfig, 'networkDb' | 'tlsCert' | 'tlsKey'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly trouble: (error: unknown) => void;
}

/** What the operator's files hold now. */
export interface OperatorFiles {
  readonly certificate: Certificate;
  readonly networks: Networks;
  /** Looks at them no more. */
  close(): void;
}

/** Reads the files that the configuration names. Rejects with `bad-config` when one cannot be used. */
export async function openFiles(options: OperatorFilesOptions): Promise<OperatorFiles> {
  const { config, clock, log, trouble: failed } = options;
  const { networkDb, tlsCert, tlsKey } = config;
  const certificate = new Certificate();
  const networks = new Networks();
  const open: LiveFiles[] = [];
  const close = (): void => {
    for (const files of open) files.close();
  };
  const use = async (what: string, paths: readonly string[], take: (files: readonly Buffer[]) => void) => {
    const renewed = (): void => {
      log.info({ paths }, `${what}: read again`);
    };
    open.push(await LiveFiles.open({ what, paths, clock, take, renewed, failed }));
  };
  try {
    if (tlsCert !== undefined && tlsKey !== undefined)
      await use('tlsCert, tlsKey', [tlsCert, tlsKey], (files) => certificate.use(files));
    if (networkDb.length > 0) await use('networkDb', networkDb, (files) => networks.use(files));
  } catch (error) {
    close();
    throw error;
  }
  return { certificate, networks, close };
}
