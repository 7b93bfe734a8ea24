import { describe, expect, it } from 'vitest';
import { Disk, DISK_SILENCE, LONGEST_READ } from '../../../sw/disk.js';
import { FakeClock } from '../../support/fake-clock.js';

/** A disk that delivers one read every `ms`, in the order asked; each read is its own number. */
function slowDisk(clock: FakeClock, ms: number): (n: number) => Promise<number> {
  return (n) =>
    new Promise((resolve) => {
      clock.setTimeout(
        () => {
          resolve(n);
        },
        ms * (n + 1),
      );
    });
}

const silence = (): Promise<never> => new Promise(() => undefined);

/** What a wait gave, and when; waits that have not ended are missing. */
function watch<T>(clock: FakeClock, waits: readonly Promise<T>[]): { value: T; at: number }[] {
  const ended: { value: T; at: number }[] = [];
  for (const wait of waits) void wait.then((value) => ended.push({ value, at: clock.ticks() }));
  return ended;
}

describe('Disk', () => {
  it('waits for reads that are queued behind others, as long as the disk delivers', async () => {
    const clock = new FakeClock();
    const [disk, read] = [new Disk(clock), slowDisk(clock, 100)];
    const start = clock.ticks();
    const ended = watch(
      clock,
      [0, 1, 2, 3, 4, 5].map((n) => disk.await(read(n))),
    );
    await clock.advance(700);
    expect(ended.map(({ value }) => value)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(ended.at(-1)?.at).toBe(start + 600);
  });

  it('gives a silent disk up', async () => {
    const clock = new FakeClock();
    const disk = new Disk(clock);
    const start = clock.ticks();
    const ended = watch(clock, [disk.await(silence()), disk.await(silence())]);
    await clock.advance(10 * LONGEST_READ);
    expect(ended).toEqual([
      { value: undefined, at: start + DISK_SILENCE },
      { value: undefined, at: start + DISK_SILENCE },
    ]);
  });

  it('gives up a read that never comes, though the others do', async () => {
    const clock = new FakeClock();
    const [disk, read] = [new Disk(clock), slowDisk(clock, 100)];
    const start = clock.ticks();
    const ended = watch(clock, [disk.await(silence())]);
    for (let n = 0; n < 30; n++) void disk.await(read(n));
    await clock.advance(10 * LONGEST_READ);
    expect(ended).toEqual([{ value: undefined, at: start + LONGEST_READ }]);
  });

  it('says at once what is not there', async () => {
    const clock = new FakeClock();
    const start = clock.ticks();
    const ended = watch(clock, [new Disk(clock).await(Promise.resolve(undefined))]);
    await clock.advance(0);
    expect(ended).toEqual([{ value: undefined, at: start }]);
  });

  it('rejects as the read does', async () => {
    const clock = new FakeClock();
    await expect(new Disk(clock).await(Promise.reject(new Error('torn')))).rejects.toThrow('torn');
  });
});
