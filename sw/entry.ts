import { attach } from './attach.js';

declare const self: ServiceWorkerGlobalScope & { readonly peerfold?: unknown };

/**
 * Loaded by `importScripts` (or `import`) in the site's own worker file. A request that is not ours is left to the
 * site's other listeners and to the browser.
 */
const offer = attach(self.peerfold);
self.addEventListener('fetch', (event) => {
  const answer = offer(event);
  if (answer) event.respondWith(answer());
});
