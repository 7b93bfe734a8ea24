import type { Memory } from '../../src/page/memory.js';
import type { Device } from '../../src/page/upload-network.js';

/** A visitor's storage that nobody else sees, with what it holds. */
export function fakeMemory(
  entries: Record<string, string> = {},
): Memory & { readonly map: Map<string, string> } {
  const map = new Map(Object.entries(entries));
  return {
    map,
    get: (name) => map.get(name),
    set: (name, value) => void map.set(name, value),
    clear: (except) => {
      for (const name of map.keys()) if (!except.includes(name)) map.delete(name);
    },
  };
}

/** What desktops tell about themselves, of their network nothing. */
export const DESKTOP: Device = {
  userAgent:
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  maxTouchPoints: 0,
  userAgentData: { mobile: false },
};
