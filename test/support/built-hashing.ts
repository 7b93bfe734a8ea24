/** What hash threads and the parser's process run; `npm test` builds it first, as `node scripts/build.mjs` does. */
export const BUILT_HASHING = {
  hashWorker: new URL('../../dist/hash-worker.js', import.meta.url),
  mediaParser: new URL('../../dist/media-parser.js', import.meta.url),
};
