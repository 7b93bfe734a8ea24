import type { Fault, Heard, Registered, Violation } from './observe.js';

/** A script tag of ours. */
export interface TagSeen {
  /** Absolute. */
  readonly src: string;
  /** `data-` attributes. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** How a page stands. */
export interface Standing extends Omit<Heard, 'registered'> {
  readonly violations: Violation[];
  readonly faults: Fault[];
  readonly registered: readonly Registered[];
  readonly secure: boolean;
  readonly tags: readonly TagSeen[];
  /** Policies of its `meta` elements. */
  readonly policies: readonly string[];
  /** Whether `window.peerfold` is there. */
  readonly started: boolean;
  /** What `peerfold.ready` came to, so far. */
  readonly status?: { readonly active: boolean; readonly reason?: string };
  readonly links: number;
  readonly controller?: string;
  readonly registrations: readonly RegistrationSeen[];
}

export interface RegistrationSeen {
  readonly scope: string;
  readonly script: string;
  /** It could control pages. */
  readonly active: boolean;
}

interface Ours {
  readonly ready: Promise<{ active: boolean; reason?: string }>;
  stats(): { links: number; resources: readonly Transfer[] };
  consent(granted: boolean): Promise<unknown>;
}

/** As `peerfold.stats()` tells it. */
interface Transfer {
  readonly url: string;
  readonly started: number;
  readonly bytes: { readonly peer: number };
  readonly fallback?: string;
}

interface Doctored {
  readonly __peerfoldDoctor: Heard;
  readonly peerfold?: Ours;
}

export async function look(): Promise<Standing> {
  const { __peerfoldDoctor: heard, peerfold } = window as unknown as Doctored;
  const pause = new Promise<undefined>((resolve) => setTimeout(resolve, 20, undefined));
  const status = await Promise.race([peerfold?.ready, pause]);
  const container = (navigator as Partial<Navigator>).serviceWorker;
  const registrations = (await container?.getRegistrations()) ?? [];
  const controller = container?.controller?.scriptURL;
  const scripts = document.querySelectorAll<HTMLScriptElement>('script[src]');
  return {
    ...heard,
    violations: heard.violations ?? [],
    faults: heard.faults ?? [],
    registered: [
      ...(heard.registered ?? []),
      // A frame may have registered it.
      ...registrations.flatMap(({ scope, active, waiting, installing }) =>
        [active, waiting, installing].flatMap((one) => (one ? [{ scope, script: one.scriptURL }] : [])),
      ),
    ],
    secure: isSecureContext,
    tags: [...scripts]
      .filter(({ src }) => /(^|\/)peerfold\.js($|[?#])/.test(src))
      .map(({ src, attributes }) => {
        const own = [...attributes].filter(({ name }) => name.startsWith('data-'));
        return { src, attributes: Object.fromEntries(own.map(({ name, value }) => [name, value])) };
      }),
    policies: [
      ...document.querySelectorAll<HTMLMetaElement>('meta[http-equiv="content-security-policy" i]'),
    ].map(({ content }) => content),
    started: peerfold !== undefined,
    ...(status === undefined ? {} : { status }),
    links: peerfold?.stats().links ?? 0,
    ...(controller === undefined ? {} : { controller }),
    registrations: registrations.map(({ scope, active, waiting, installing }) => {
      const script = (active ?? waiting ?? installing)?.scriptURL ?? '';
      return { scope, script, active: active?.state === 'activated' };
    }),
  };
}

/** Gives this visitor's consent. */
export function consent(): void {
  const { __peerfoldDoctor: heard, peerfold } = window as unknown as Doctored;
  const { chooses = false } = heard;
  void peerfold?.consent(true);
  // That was not the page.
  heard.chooses = chooses;
}

/** Runs in a service worker: it takes over the pages that are open. */
export async function claim(): Promise<void> {
  const { clients } = self as unknown as { readonly clients: { claim(): Promise<void> } };
  await clients.claim();
}

/** Something that the page shows or fetched, and what for (`Request.destination`; empty for scripts). */
export interface ResourceSeen {
  readonly url: string;
  readonly destination: string;
}

/** Scrolls through the page, a screen at a time, so that what is lazy comes as well. */
export async function scrollThrough({ screens, pause }: { screens: number; pause: number }): Promise<void> {
  for (let i = 0; i < screens; i++) {
    const before = scrollY;
    scrollBy({ top: innerHeight, behavior: 'instant' });
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (scrollY === before) break;
  }
  scrollTo({ top: 0, behavior: 'instant' });
}

/** What the page shows, and what it fetched; each once. */
export function resources(max: number): ResourceSeen[] {
  const found = new Map<string, string>();
  const add = (url: string, destination: string): void => {
    if (/^https?:/.test(url) && found.size < max && !found.has(url)) found.set(url, destination);
  };
  for (const image of document.images) add(image.currentSrc || image.src, 'image');
  for (const { poster } of document.querySelectorAll('video')) add(poster, 'image');
  for (const media of document.querySelectorAll<HTMLMediaElement>('video,audio'))
    add(media.currentSrc || media.src, media.localName);
  const kinds: Readonly<Record<string, string | undefined>> = {
    ...{ img: 'image', image: 'image', video: 'video', audio: 'audio' },
    ...{ fetch: '', xmlhttprequest: '' },
  };
  for (const { name, initiatorType } of performance.getEntriesByType(
    'resource',
  ) as PerformanceResourceTiming[]) {
    const destination = kinds[initiatorType];
    if (destination !== undefined) add(name, destination);
  }
  return [...found].map(([url, destination]) => ({ url, destination }));
}

/** What became of one request. */
export interface Fetched {
  readonly url: string;
  readonly peer: number;
  readonly fallback?: string;
}

/**
 * Requests each anew: images far below what is visible, so that peers have time, and the rest by script. Resolves
 * when all are there, or failed.
 */
export async function request(wanted: readonly ResourceSeen[]): Promise<Fetched[]> {
  const { peerfold } = window as unknown as Doctored;
  const since = Date.now() - 1;
  // One image of an address that is in view puts all of them there.
  for (const image of [...document.images])
    if (wanted.some(({ url }) => [image.currentSrc, image.src].includes(url))) image.remove();
  const below = document.documentElement.scrollHeight + 4000;
  const show = (url: string): Promise<unknown> =>
    new Promise((resolve) => {
      const image = new Image(16, 16);
      image.onload = image.onerror = resolve;
      image.style.cssText = `position: absolute; top: ${String(below)}px; left: 0`;
      if (new URL(url).origin !== location.origin) image.crossOrigin = 'anonymous';
      image.src = url;
      document.body.append(image);
    });
  const get = (url: string): Promise<unknown> =>
    fetch(url).then(
      (response) => response.arrayBuffer(),
      () => undefined,
    );
  await Promise.all(wanted.map(({ url, destination }) => (destination === 'image' ? show(url) : get(url))));
  // Reports come a moment after the last byte.
  const reported = (): Transfer[] =>
    wanted.flatMap(
      ({ url }) => peerfold?.stats().resources.find((one) => one.url === url && one.started >= since) ?? [],
    );
  for (let i = 0; i < 250 && reported().length < wanted.length; i++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  return reported().map(({ url, bytes, fallback }) => {
    return { url, peer: bytes.peer, ...(fallback === undefined ? {} : { fallback }) };
  });
}
