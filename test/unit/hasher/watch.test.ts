import { appendFile, mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createWatch } from '../../../hasher-service/compose/sources.js';
import type { Site } from '../../../src/core/brands.js';
import { FakeClock } from '../../support/fake-clock.js';
import { countWatches, limitWatches } from '../../support/watches.js';

const SITE = 'https://www.example.com' as Site;
const FOLDERS = ['2024', '2025', '2026'];
const FILES = 20;
/** The folder itself, and those in it. */
const WATCHES = 1 + FOLDERS.length;

/** A site of a few folders with many files. */
async function tree(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'watch-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const folder of FOLDERS) {
    await mkdir(join(root, folder));
    for (let i = 0; i < FILES; i++) await writeFile(join(root, folder, `${i}.jpg`), 'a');
  }
  return root;
}

/** Everything that a service does about files that change, with a catalogue that only notes what it is asked. */
function watching(root: string) {
  const clock = new FakeClock();
  const recheck = vi.fn<(site: string, url: string) => Promise<void>>(() => Promise.resolve());
  const log = { warn: vi.fn<(text: string) => void>(), error: vi.fn() };
  const watch = createWatch(
    { sites: [SITE] },
    { rules: [{ directory: root }] },
    { clock, catalogue: { recheck }, log },
  );
  onTestFinished(() => watch.close());
  const rechecked = (): string[] => recheck.mock.calls.map(([, url]) => url.slice(SITE.length));
  /** What is done again and again until it is seen: the watch may still be taking its first look. */
  const seen = (path: string, change: () => Promise<unknown>): Promise<void> =>
    vi.waitFor(
      async () => {
        await change();
        await clock.advance(200);
        expect(rechecked()).toContain(path);
      },
      { timeout: 10_000, interval: 20 },
    );
  return { clock, watch, log, rechecked, seen };
}

describe('files below a root', () => {
  it('are looked at again when they are written, replaced, touched or removed', async () => {
    const root = await tree();
    const { seen, log } = watching(root);
    const [a, b, c, d] = [0, 1, 2, 3].map((i) => join(root, '2025', `${i}.jpg`)) as [
      string,
      string,
      string,
      string,
    ];
    await seen('/2025/0.jpg', () => appendFile(a, 'b'));
    await writeFile(join(root, 'next.jpg'), 'b');
    await rename(join(root, 'next.jpg'), b);
    await seen('/2025/1.jpg', () => Promise.resolve());
    await utimes(c, 1, 1);
    await seen('/2025/2.jpg', () => Promise.resolve());
    await rm(d);
    await seen('/2025/3.jpg', () => Promise.resolve());
    expect(log.error).not.toHaveBeenCalled();
    expect(log.warn).not.toHaveBeenCalled();
  });

  it('are so in folders that come later, with what lies in them already', async () => {
    const root = await tree();
    const { seen } = watching(root);
    await seen('/2025/0.jpg', () => appendFile(join(root, '2025', '0.jpg'), 'b'));
    const aside = await mkdtemp(join(tmpdir(), 'watch-'));
    onTestFinished(() => rm(aside, { recursive: true, force: true }));
    await mkdir(join(aside, 'new', 'deep'), { recursive: true });
    await writeFile(join(aside, 'new', 'deep', 'a.jpg'), 'a');
    await rename(join(aside, 'new'), join(root, 'new'));
    await seen('/new/deep/a.jpg', () => Promise.resolve());
    await seen('/new/deep/b.jpg', () => writeFile(join(root, 'new', 'deep', 'b.jpg'), 'b'));
  });

  it('are told once for many writes, and not any more after the end', async () => {
    const root = await tree();
    const { seen, rechecked, clock, watch } = watching(root);
    const path = join(root, '2025', '0.jpg');
    await seen('/2025/1.jpg', () => appendFile(join(root, '2025', '1.jpg'), 'b'));
    const write = async (): Promise<void> => {
      for (let i = 0; i < 50; i++) await appendFile(path, 'b');
      await vi.waitFor(() => {
        expect(clock.pending).toBe(1);
      });
    };
    await write();
    await seen('/2025/0.jpg', () => Promise.resolve());
    expect(rechecked().filter((one) => one === '/2025/0.jpg').length).toBeLessThan(5);
    await write();
    await watch.close();
    expect(clock.pending).toBe(0);
  });

  it.runIf(process.platform === 'linux')(
    'take a watch of the kernel for each folder, none for a file',
    async () => {
      const root = await tree();
      const before = await countWatches();
      const { seen, watch } = watching(root);
      for (const folder of FOLDERS) {
        const path = join(root, folder, '0.jpg');
        await seen(`/${folder}/0.jpg`, () => appendFile(path, 'b'));
      }
      expect((await countWatches()) - before).toBe(WATCHES);
      await watch.close();
      expect(await countWatches()).toBe(before);
    },
  );
});

describe('at the limit of the system', () => {
  it('it is said once what is late, how late, and what to do; the rest is watched', async () => {
    const refused = limitWatches(WATCHES - 2);
    const root = await tree();
    const { log, rechecked, clock } = watching(root);
    await vi.waitFor(() => {
      expect(refused()).toBe(2);
    });
    expect(log.error).not.toHaveBeenCalled();
    expect(log.warn.mock.calls).toEqual([
      [
        expect.stringMatching(
          /max-age, a day at most.*sysctl fs\.inotify\.max_user_watches.*leave --root out/,
        ),
      ],
    ]);
    await vi.waitFor(async () => {
      for (const folder of FOLDERS) await appendFile(join(root, folder, '0.jpg'), 'b');
      await clock.advance(200);
      expect(rechecked().filter((path) => path.endsWith('/0.jpg'))).not.toEqual([]);
    });
  });
});
