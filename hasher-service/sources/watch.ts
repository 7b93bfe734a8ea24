import { relative, resolve } from 'node:path';
import { watch, type FSWatcher } from 'chokidar';
import type { CanonicalUrl, Site } from '../../src/core/brands.js';
import { urlOfPath } from './paths.js';
import type { RootRule } from './disk.js';

export interface RootWatchOptions {
  readonly rules: readonly RootRule[];
  readonly sites: readonly Site[];
  /** A file appeared, changed or vanished. */
  readonly onChange: (url: CanonicalUrl) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Watches the directories, so that a file that changes is looked at again at once and not when its
 * freshness ends. It only saves time: what is said about a file is decided by the public origin.
 */
export class RootWatch {
  readonly #watchers: readonly FSWatcher[];

  constructor(private readonly options: RootWatchOptions) {
    this.#watchers = options.rules.map((rule) => this.#watch(rule));
  }

  async close(): Promise<void> {
    await Promise.all(this.#watchers.map((watcher) => watcher.close()));
  }

  #watch({ directory, publicOrigin }: RootRule): FSWatcher {
    const { sites, onError, onChange } = this.options;
    const root = resolve(directory);
    const origins = publicOrigin === undefined ? sites : [publicOrigin];
    const tell = (path: string): void => {
      for (const origin of origins) {
        const url = urlOfPath(origin, relative(root, path));
        if (url !== undefined) onChange(url);
      }
    };
    const watcher = watch(root, { ignoreInitial: true, ignorePermissionErrors: true });
    return watcher.on('add', tell).on('change', tell).on('unlink', tell).on('error', onError);
  }
}
