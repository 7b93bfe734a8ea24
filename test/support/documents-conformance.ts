import { describe, expect, it } from 'vitest';
import type { Documents } from '../../hasher-service/state/documents.js';

/** One store of documents, which several writers open. */
export interface DocumentsWorld {
  /** Another writer on the same store. */
  open(): Promise<Documents>;
}

/** What every implementation of the port must do. `makeWorld` gives an empty store. */
export function describeDocuments(name: string, makeWorld: () => Promise<DocumentsWorld>): void {
  describe(`documents: ${name}`, () => {
    async function twoWriters(): Promise<[Documents, Documents]> {
      const world = await makeWorld();
      return [await world.open(), await world.open()];
    }

    it('hold nothing at first, then what was written, for every writer', async () => {
      const [a, b] = await twoWriters();
      expect(await a.read('policy')).toBeUndefined();
      const seen: unknown[] = [];
      const written = await a.update('policy', (before) => {
        seen.push(before);
        return 'é'.repeat(3);
      });
      expect([written, seen]).toEqual(['ééé', [undefined]]);
      expect(await b.read('policy')).toBe('ééé');
      expect(await b.read('purges')).toBeUndefined();
    });

    it('hold large texts whole', async () => {
      const [a, b] = await twoWriters();
      const large = JSON.stringify(Array(100_000).fill('0123456789'));
      await a.update('purges', () => large);
      expect(await b.read('purges')).toBe(large);
    });

    it('lose no writer’s change', async () => {
      const writers = await twoWriters();
      const append = (text: string) => (before?: string) => `${before ?? ''}${text},`;
      const names = Array.from({ length: 10 }, (_, i) => writers.map((_writer, w) => `${w}.${i}`)).flat();
      const [even, odd] = writers;
      await Promise.all(names.map((text, i) => (i % 2 === 0 ? even : odd).update('purges', append(text))));
      const kept = (await even.read('purges'))?.split(',').filter(Boolean);
      expect(kept?.sort()).toEqual(names.sort());
    });

    it('stay as they are when the change throws, and can be changed afterwards', async () => {
      const [a, b] = await twoWriters();
      await a.update('policy', () => 'first');
      const broken = a.update('policy', () => {
        throw new Error('not like this');
      });
      await expect(broken).rejects.toThrow('not like this');
      expect(await b.read('policy')).toBe('first');
      expect(await b.update('policy', (before) => `${before ?? ''} second`)).toBe('first second');
    });

    it('change their version with their text, and only then', async () => {
      const [a, b] = await twoWriters();
      const versions = [await b.version('policy')];
      await a.update('policy', () => 'one');
      versions.push(await b.version('policy'));
      await a.update('policy', () => 'two');
      versions.push(await b.version('policy'));
      expect(new Set(versions).size).toBe(3);
      await a.update('policy', (before) => before ?? '');
      await a.update('purges', () => 'other');
      expect(await b.version('policy')).toBe(versions[2]);
      expect(await a.version('policy')).toBe(versions[2]);
    });
  });
}
