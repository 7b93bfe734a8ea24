import { within } from '../core/within.js';
import { BRIDGE_FORGET, BRIDGE_FORGOTTEN, isBridge } from '../protocol/hello.js';
import { systemClock } from '../protocol/system-clock.js';
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
 * Rejects as `navigator.serviceWorker.register` does, where the worker would not control this page, and, for the
 * `usual` file, where the site has another worker here, which would be replaced: only `data-sw` may ask for that.
 */
export async function registerWorker(url: string, usual: string): Promise<void> {
  const { serviceWorker } = navigator;
  const registration = await serviceWorker.getRegistration();
  // One that controls the page and is registered no more was forgotten by another tab: it is not to come back.
  const worker =
    registration?.installing ?? registration?.waiting ?? registration?.active ?? serviceWorker.controller;
  const address = new URL(url, document.baseURI).href;
  if (worker?.scriptURL === address) return;
  if (worker && registration?.scope === new URL('.', address).href) {
    if (url === usual) throw new Error(`${worker.scriptURL} is here: join it, and name it in data-sw`);
    // One that comes back is registered by something else on the page, and the two take turns.
    // eslint-disable-next-line no-console -- for the eyes of the site's owner
    console.warn(`Peerfold replaces ${worker.scriptURL} (docs/composition.md)`);
  }
  const registered = await new Workbox(trusted(url)).register({ immediate: true });
  const scope = registered?.scope ?? '';
  if (!location.href.startsWith(scope)) {
    throw new Error(`the scope of ${url}, ${scope}, leaves this page out`);
  }
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

/** How long (ms) workers may take to forget: they may have to be started, and wait for the disk. */
const FORGET_TIME = 10_000;

/**
 * Tells every worker of this origin, asleep or not and of whatever build, to forget the visitor; those that are none of
 * ours take no notice. Resolves to whether one of ours says that it did, or there is no worker at all.
 */
export async function forgetEverywhere(): Promise<boolean> {
  const { serviceWorker } = navigator;
  const registrations = await serviceWorker.getRegistrations();
  if (registrations.length === 0) return true;
  const listening = new AbortController();
  const done = new Promise<true>((resolve) => {
    const heard = ({ data }: MessageEvent): void => {
      if (isBridge(data, BRIDGE_FORGOTTEN)) resolve(true);
    };
    serviceWorker.addEventListener('message', heard, listening);
  });
  for (const { active } of registrations) active?.postMessage(BRIDGE_FORGET);
  return within(systemClock, FORGET_TIME, done, () => false).finally(() => {
    listening.abort();
  });
}
