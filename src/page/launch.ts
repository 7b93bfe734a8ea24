import { systemClock } from '../protocol/system-clock.js';
import { visitorMemory } from './memory.js';
import type { PeerfoldOptions } from './options.js';
import type { Bundles, PageEnvironment } from './page-environment.js';
import { Peerfold } from './peerfold.js';
import { isKeptWaiting } from './quiet.js';
import { forgetEverywhere, registerWorker } from './register.js';

/** The one global name of ours. */
export const here = (): { peerfold?: Peerfold } => window as { peerfold?: Peerfold };

/**
 * Starts Peerfold in this window and sets `window.peerfold`. `undefined` where it has no business:
 * no service workers (old browser, insecure page) or no WebRTC, a frame, or a window that has it already.
 */
export function launch(options: PeerfoldOptions, engineUrl: string): Peerfold | undefined {
  if (here().peerfold) {
    // eslint-disable-next-line no-console -- for the eyes of the site's owner
    console.warn('Peerfold is on this page already: the second tag or start() is ignored.');
    return undefined;
  }
  if (window.top !== window || !('serviceWorker' in navigator && 'RTCPeerConnection' in window))
    return undefined;
  const peerfold = new Peerfold(
    { ...options, ...asked(location.search) },
    {
      view: window,
      container: navigator.serviceWorker,
      players: () => document.querySelectorAll<HTMLMediaElement>('video,audio'),
      // Global Privacy Control and Network Information are not in every browser, nor in TypeScript's DOM.
      signals: navigator as PageEnvironment['signals'],
      memory: visitorMemory(() => localStorage),
      clock: systemClock,
      random: Math.random,
      shown,
      isKeptWaiting: originIsSlow,
      register: registerWorker,
      forget: forgetEverywhere,
      load: (name) => load(name, engineUrl),
      site: location.origin,
      language: document.documentElement.lang,
    },
  );
  here().peerfold = peerfold;
  return peerfold;
}

/** Another bundle, from beside the engine. The site serves it: bundlers are to leave the import to the browser. */
function load<Name extends keyof Bundles>(name: Name, engineUrl: string): Promise<Bundles[Name]> {
  const { href } = new URL(`peerfold-${name}.js`, engineUrl);
  return import(/* webpackIgnore: true */ /* @vite-ignore */ href) as Promise<Bundles[Name]>;
}

/** What whoever looks into a page can set for it by its address: `?peerfold=off` and `?peerfold=debug`. */
function asked(query: string): Partial<PeerfoldOptions> {
  const wish = new URLSearchParams(query).get('peerfold');
  return wish === 'off' ? { off: true } : wish === 'debug' ? { overlay: true } : {};
}

/** The time a connection took to be made tells the distance, however busy the origin's own work is. */
function originIsSlow(): boolean {
  const [page] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  const files = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
  return isKeptWaiting(files, page ? page.connectEnd - page.connectStart : 0);
}

/** Prerendered pages (Speculation Rules) may never be looked at. */
async function shown(): Promise<void> {
  if (!(document as Document & { prerendering?: boolean }).prerendering) return;
  await new Promise((resolve) => {
    document.addEventListener('prerenderingchange', resolve, { once: true });
  });
}
