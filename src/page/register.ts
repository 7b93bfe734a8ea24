import { Workbox } from 'workbox-window/build/workbox-window.prod.mjs';

/**
 * Registers the site's worker file. The worker claims the page by itself; the bridge notices.
 * Rejects as `navigator.serviceWorker.register` does.
 */
export async function registerWorker(url: string): Promise<void> {
  await new Workbox(url).register({ immediate: true });
}
