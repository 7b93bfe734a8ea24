/** What is remembered about a visitor between pages, under names of ours. */
export interface Memory {
  get(name: string): string | undefined;
  set(name: string, value: string): void;
  /** Forgets all but what is kept under these names. */
  clear(except: readonly string[]): void;
}

/** Before every name in `localStorage`, which the site's own scripts use too. */
export const MEMORY_PREFIX = 'peerfold-';

/**
 * `localStorage`, backed by this page's own copy: where storage is forbidden, full or emptied, what was set
 * still holds until the page goes.
 */
export function visitorMemory(storage: () => Storage): Memory {
  const own = new Map<string, string>();
  /** Storage may hold older values of these. */
  const unsaved = new Set<string>();
  const stored = (use: (storage: Storage) => string | null): string | undefined => {
    try {
      return use(storage()) ?? undefined;
    } catch {
      return undefined;
    }
  };
  const read = (name: string) => stored((s) => s.getItem(MEMORY_PREFIX + name));
  return {
    get: (name) => (unsaved.has(name) ? undefined : read(name)) ?? own.get(name),
    set: (name, value) => {
      own.set(name, value);
      unsaved.add(name);
      stored((s) => {
        s.setItem(MEMORY_PREFIX + name, value);
        unsaved.delete(name);
        return value;
      });
    },
    clear: (except) => {
      const kept = except.map((name) => MEMORY_PREFIX + name);
      for (const name of own.keys()) if (!except.includes(name)) own.delete(name);
      stored((s) => {
        for (const name of Object.keys(s))
          if (name.startsWith(MEMORY_PREFIX) && !kept.includes(name)) s.removeItem(name);
        return null;
      });
    },
  };
}
