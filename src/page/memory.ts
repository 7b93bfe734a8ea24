/** What is remembered about a visitor between pages, under names of ours. */
export interface Memory {
  get(name: string): string | undefined;
  set(name: string, value: string): void;
}

/** Before every name in `localStorage`, which the site's own scripts use too. */
export const MEMORY_PREFIX = 'peerfold-';

/**
 * `localStorage`, backed by this page's own copy: where storage is forbidden or full, what was set
 * still holds until the page goes.
 */
export function visitorMemory(storage: () => Storage): Memory {
  const own = new Map<string, string>();
  const stored = (use: (storage: Storage) => string | null): string | undefined => {
    try {
      return use(storage()) ?? undefined;
    } catch {
      return undefined;
    }
  };
  return {
    get: (name) => stored((s) => s.getItem(MEMORY_PREFIX + name)) ?? own.get(name),
    set: (name, value) => {
      own.set(name, value);
      stored((s) => {
        s.setItem(MEMORY_PREFIX + name, value);
        return value;
      });
    },
  };
}
