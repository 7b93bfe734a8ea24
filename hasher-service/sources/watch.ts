import { join, relative, resolve } from 'node:path';
import { watch, type FSWatcher } from 'chokidar';
import type { CanonicalUrl, Site } from '../../src/core/brands.js';
import type { Clock } from '../../src/core/clock.js';
import { Changes } from './changes.js';
import { isWithin, urlOfPath } from './paths.js';
import type { RootRule } from './disk.js';

export interface RootWatchOptions {
  readonly rules: readonly RootRule[];
  readonly sites: readonly Site[];
  readonly clock: Clock;
  /** A file appeared, changed or vanished. */
  readonly onChange: (url: CanonicalUrl) => void;
  /** Something is not watched. Told once of each kind of error: at a system's limit there is one for every folder. */
  readonly onError: (error: unknown) => void;
}

/**
 * Watches the directories, so that a file that changes is looked at again at once and not when its
 * freshness ends. It only saves time: what is said about a file is decided by the public origin.
 *
 * Systems tell of the files in a folder by its own watch, and have few watches to give: files get none.
 */
export class RootWatch {
  readonly #watchers: readonly FSWatcher[];
  readonly #changes: Changes[] = [];
  readonly #failed = new Set<unknown>();

  constructor(private readonly options: RootWatchOptions) {
    this.#watchers = options.rules.map((rule) => this.#watch(rule));
  }

  async close(): Promise<void> {
    for (const changes of this.#changes) changes.stop();
    await Promise.all(this.#watchers.map((watcher) => watcher.close()));
  }

  #watch(rule: RootRule): FSWatcher {
    const root = resolve(rule.directory);
    const changes = this.#changesBelow(root, rule);
    const watcher = watch(root, {
      ignoreInitial: true,
      ignorePermissionErrors: true,
      ignored: (_, stats) => stats?.isFile() ?? false,
    });
    // What the folder's own watch says; there are no other events about what is ignored.
    watcher.on('raw', (_, name: unknown, details) => {
      const { watchedPath } = details as { readonly watchedPath: string };
      if (typeof name === 'string') changes.add(join(watchedPath, name));
    });
    watcher.on('addDir', (path) => {
      changes.addFolder(path);
    });
    return watcher.on('error', (error) => {
      this.#fail(error);
    });
  }

  #changesBelow(root: string, { publicOrigin }: RootRule): Changes {
    const { sites, clock, onChange } = this.options;
    const origins = publicOrigin === undefined ? sites : [publicOrigin];
    const changes = new Changes(clock, (path) => {
      // A root that is missing is waited for in the folder above it.
      if (!isWithin(path, root)) return;
      for (const origin of origins) {
        const url = urlOfPath(origin, relative(root, path));
        if (url !== undefined) onChange(url);
      }
    });
    this.#changes.push(changes);
    return changes;
  }

  #fail(error: unknown): void {
    const { code } = error as { readonly code?: unknown };
    if (this.#failed.has(code)) return;
    this.#failed.add(code);
    this.options.onError(error);
  }
}
