import { setTimeout as pause } from 'node:timers/promises';
import { chromium, type Page } from 'playwright';
import type { BenchContext } from '../report.js';
import { readThrough, type Pace } from './reader.js';
import { Visitor } from './visitor.js';

/** The demo site's gallery: six eager pictures and 42 lazy ones. */
export const GALLERY = '/gallery.html';

export interface Crowd {
  readonly visitors: number;
  /** Between two arrivals (ms). */
  readonly apart: number;
  readonly pace: Pace;
  /** So many of them come first, see all, and stay; `then` happens before the others come. */
  readonly pioneers?: { readonly count: number; readonly then: () => void };
}

/** How long (ms) a visitor waits for pictures after reaching the end, and for the page before. */
const PATIENCE = 180_000;

declare global {
  interface Window {
    /** When a picture was last shown or found broken (ms since the navigation began). */
    lastPicture?: number;
  }
}

export interface SeenPicture {
  readonly path: string;
  /** Whether it was below the fold when the page opened. */
  readonly below: boolean;
  /** Whether the page lets browsers load it when it comes near. */
  readonly lazy: boolean;
  readonly shown: boolean;
  /** Bytes of it that peers gave, by Peerfold's books. */
  readonly fromPeers: number;
  /** Why peers did not give all of it. */
  readonly fallback: string | undefined;
}

/** One visitor's way through the gallery. */
export interface View {
  readonly pictures: readonly SeenPicture[];
  /** From the start of the navigation until the last picture was shown or broken (ms); all the patience if that did not come. */
  readonly complete: number;
}

/**
 * Visitors come one after the other and stay until the last of them has seen everything; what they saw, in the
 * order of their coming. They are contexts of one browser: ten browsers are more than a small machine carries.
 */
export async function viewTogether(
  { browser: { executablePath, args } }: BenchContext,
  site: string,
  { visitors: count, apart, pace, pioneers }: Crowd,
): Promise<View[]> {
  const browser = await chromium.launch({ executablePath, args: [...args] });
  try {
    const visitors: Visitor[] = [];
    for (let i = 0; i < count; i++) visitors.push(await Visitor.join(browser));
    const arrive = (from: number, until: number): Promise<View[]> => {
      const group = visitors.slice(from, until).map(async (visitor, i) => {
        await pause(i * apart);
        return viewGallery(visitor, site, { pace, seed: from + i });
      });
      return Promise.all(group);
    };
    if (!pioneers) return await arrive(0, count);
    const first = await arrive(0, pioneers.count);
    pioneers.then();
    return [...first, ...(await arrive(pioneers.count, count))];
  } finally {
    await browser.close();
  }
}

/** Opens the gallery, goes through it at `pace`, and waits until every picture is there or broken. */
async function viewGallery(
  visitor: Visitor,
  site: string,
  { pace, seed }: { readonly pace: Pace; readonly seed: number },
): Promise<View> {
  const { page } = visitor;
  await page.addInitScript(watchPictures);
  await page.goto(site + GALLERY, { waitUntil: 'domcontentloaded', timeout: PATIENCE });
  const below = new Set(await page.evaluate(belowFold));
  await readThrough(page, pace, seed);
  const isOver = await settled(page);
  const shown = await page.evaluate(shownPictures);
  const books = await page.evaluate(booksOfPage);
  return {
    pictures: shown.map(({ path, lazy, isShown }) => ({
      ...{ path, lazy, below: below.has(path), shown: isShown },
      fromPeers: books[path]?.peer ?? 0,
      fallback: books[path]?.fallback,
    })),
    complete: isOver ? await page.evaluate(() => window.lastPicture ?? Number.NaN) : PATIENCE,
  };
}

/** Runs in the page before anything else. */
function watchPictures(): void {
  const note = ({ target }: Event): void => {
    if (target instanceof HTMLImageElement) window.lastPicture = performance.now();
  };
  document.addEventListener('load', note, true);
  document.addEventListener('error', note, true);
}

/** Runs in the page, before it is scrolled. */
function belowFold(): string[] {
  const images = [...document.images].filter((image) => image.getBoundingClientRect().top >= innerHeight);
  return images.map(({ src }) => new URL(src).pathname);
}

/** Runs in the page. */
function shownPictures(): { path: string; lazy: boolean; isShown: boolean }[] {
  return [...document.images].map(({ src, loading, complete, naturalWidth }) => ({
    path: new URL(src).pathname,
    lazy: loading === 'lazy',
    isShown: complete && naturalWidth > 0,
  }));
}

interface Booked {
  readonly peer: number;
  readonly fallback?: string;
}

/** Runs in the page; nothing where Peerfold is not. */
function booksOfPage(): Record<string, Booked> {
  const books: Record<string, Booked> = {};
  if (!('peerfold' in window)) return books;
  for (const { url, bytes, fallback } of window.peerfold.stats().resources) {
    const { pathname } = new URL(url);
    const before = books[pathname];
    const peer = (before?.peer ?? 0) + bytes.peer;
    books[pathname] = { ...before, peer, ...(fallback ? { fallback } : {}) };
  }
  return books;
}

/** Resolves to false when some picture is still on its way after all the patience. */
async function settled(page: Page): Promise<boolean> {
  const all = (): boolean => [...document.images].every(({ complete }) => complete);
  return page.waitForFunction(all, undefined, { timeout: PATIENCE }).then(
    () => true,
    () => false,
  );
}
