import { rmSync, writeFileSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DocumentFiles } from '../../../hasher-service/state/document-files.js';
import { systemClock } from '../../../src/protocol/system-clock.js';
import { describeDocuments } from '../../support/documents-conformance.js';
import { FakeClock } from '../../support/fake-clock.js';
import { temporaryDirectory } from './harness.js';

describeDocuments('files', async () => {
  const data = await temporaryDirectory();
  return { open: () => Promise.resolve(new DocumentFiles(data, systemClock)) };
});

describe('documents in files', () => {
  async function lockedBy(holder: string) {
    const data = await temporaryDirectory();
    const clock = new FakeClock();
    await writeFile(join(data, 'policy.json'), 'old');
    const lock = join(data, 'policy.json.lock');
    await writeFile(lock, holder);
    return { data, clock, lock, documents: new DocumentFiles(data, clock) };
  }

  /** Until `work` is over: the disk takes its own time, the clock is ours. */
  async function over(clock: FakeClock, work: Promise<unknown>): Promise<void> {
    const state = { isOver: false };
    void work.finally(() => (state.isOver = true));
    while (!state.isOver) await clock.advance(25);
  }

  it('are read at once while another process changes them', async () => {
    const { documents } = await lockedBy('another process');
    expect(await documents.read('policy')).toBe('old');
  });

  it('are changed once the lock of a killed process has stood for five seconds', async () => {
    const { documents, clock, data } = await lockedBy('a killed process');
    const other = new DocumentFiles(data, clock);
    const append = (before?: string) => `${before ?? ''} new`;
    const changed = Promise.all([documents.update('policy', append), other.update('policy', append)]);
    while (clock.ticks() < 4900) {
      await clock.advance(100);
      expect(await documents.read('policy')).toBe('old');
    }
    await over(clock, changed);
    expect((await changed).sort()).toEqual(['old new', 'old new new']);
    expect(await readdir(data)).toEqual(['policy.json']);
  });

  it('wait for a lock as long as it changes hands', async () => {
    const { documents, clock, lock } = await lockedBy('first');
    const changed = documents.update('policy', () => 'new');
    for (const holder of ['second', 'third']) {
      while (clock.ticks() % 4000 < 3900) await clock.advance(100);
      await writeFile(lock, holder);
      await clock.advance(100);
    }
    expect(clock.ticks()).toBeGreaterThan(5000);
    expect(await documents.read('policy')).toBe('old');
    await over(clock, changed);
  });

  /** Another process takes our lock for stale, writes and is done. */
  function overtake(data: string): void {
    writeFileSync(join(data, 'purges.json'), 'theirs ');
    rmSync(join(data, 'purges.json.lock'));
  }

  it('are changed by what is there when a stolen lock was noticed', async () => {
    const data = await temporaryDirectory();
    const documents = new DocumentFiles(data, systemClock);
    const seen: unknown[] = [];
    const changed = await documents.update('purges', (before) => {
      seen.push(before);
      if (seen.length === 1) overtake(data);
      return `${before ?? ''}mine`;
    });
    expect(seen).toEqual([undefined, 'theirs ']);
    expect(changed).toBe('theirs mine');
    expect(await readFile(join(data, 'purges.json'), 'utf8')).toBe('theirs mine');
  });

  it('pass on that they cannot be written, and leave no lock', async () => {
    const data = await temporaryDirectory();
    const documents = new DocumentFiles(join(data, 'file'), new FakeClock());
    await writeFile(join(data, 'file'), 'in the way');
    await expect(documents.update('policy', () => 'new')).rejects.toThrow();
    expect(await readdir(data)).toEqual(['file']);
  });
});
