import type { Peerfold } from './index.js';

/** The root of the package: the module, and what TypeScript is to know of adopters' pages (in our tests it is always there). */
export * from './index.js';

declare global {
  interface Window {
    /** Set by the script tag and by `start`; not in frames and in browsers that lack what it needs. */
    peerfold?: Peerfold;
  }
}
