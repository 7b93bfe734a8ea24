import { Workbox } from 'workbox-window/build/workbox-window.prod.mjs';

/** Trusted Types, which TypeScript's DOM does not know yet. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

let policy: ReturnType<TrustedTypes['createPolicy']> | undefined;

/**
 * Registers the site's worker file, unless the site did: it may have chosen options, such as `type: 'module'`, that
 * another registration would undo. Whenever the worker controls the page, the bridge notices.
 * Rejects as `navigator.serviceWorker.register` does.
 */
export async function registerWorker(url: string): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  const worker = registration?.installing ?? registration?.waiting ?? registration?.active;
  const address = new URL(url, document.baseURI).href;
  if (worker?.scriptURL === address) return;
  // One that comes back is registered by something else on the page, and the two take turns.
  if (worker && registration?.scope === new URL('.', address).href)
    // eslint-disable-next-line no-console -- for the eyes of the site's owner
    console.warn(`Peerfold replaces ${worker.scriptURL} (docs/composition.md)`);
  await new Workbox(trusted(url)).register({ immediate: true });
}

/** Where a site demands Trusted Types, a plain address is refused. Ours comes from the site's own tag. */
function trusted(url: string): string {
  try {
    const { trustedTypes } = window as { trustedTypes?: TrustedTypes };
    policy ??= trustedTypes?.createPolicy('peerfold', { createScriptURL: (same) => same });
    return policy?.createScriptURL(url) ?? url;
  } catch {
    // The site allows no policy of this name: it may have a default one.
    return url;
  }
}
