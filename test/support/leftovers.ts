import type { Page } from 'playwright';

/** What a visit leaves in a browser: paths that have a worker. */
export function registrations(tab: Page): Promise<string[]> {
  return tab.evaluate(async () => {
    const all = await navigator.serviceWorker.getRegistrations();
    return all.map(({ scope }) => new URL(scope).pathname).sort();
  });
}

/** Keys of all that Peerfold keeps in IndexedDB. */
export function kept(tab: Page): Promise<number> {
  return tab.evaluate(async () => {
    const count = (part: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open(`peerfold-${part}`);
        opening.onerror = reject;
        opening.onsuccess = () => {
          const counting = opening.result.transaction(part).objectStore(part).count();
          counting.onsuccess = () => {
            opening.result.close();
            resolve(counting.result);
          };
        };
      });
    return (await count('pieces')) + (await count('index'));
  });
}

/** Names that Peerfold keeps something under in `localStorage`. */
export function remembered(tab: Page): Promise<string[]> {
  return tab.evaluate(() => Object.keys(localStorage).filter((name) => name.startsWith('peerfold')));
}
