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
 * `localStorage`, backed by this page's own copy: where storage is forbidden or full, what was set still holds until
 * the page goes. What was emptied is gone: the visitor, or another tab, wanted it so.
 */
export function visitorMemory(storage: () => Storage): Memory {
  /** What storage did not take; it may hold older values of these. */
  const unsaved = new Map<string, string>();
  const stored = (use: (storage: Storage) => string | null): string | undefined => {
    try {
      return use(storage()) ?? undefined;
    } catch {
      return undefined;
    }
  };
  const read = (name: string) => stored((s) => s.getItem(MEMORY_PREFIX + name));
  return {
    get: (name) => unsaved.get(name) ?? read(name),
    set: (name, value) => {
      unsaved.set(name, value);
      stored((s) => {
        s.setItem(MEMORY_PREFIX + name, value);
        unsaved.delete(name);
        return value;
      });
    },
    clear: (except) => {
      const kept = except.map((name) => MEMORY_PREFIX + name);
      for (const name of unsaved.keys()) if (!except.includes(name)) unsaved.delete(name);
      stored((s) => {
        for (const name of Object.keys(s))
          if (name.startsWith(MEMORY_PREFIX) && !kept.includes(name)) s.removeItem(name);
        return null;
      });
    },
  };
}
