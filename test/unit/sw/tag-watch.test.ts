import { beforeEach, describe, expect, it } from 'vitest';
import { memoryStore } from '../../../src/store/memory.js';
import type { PieceStore } from '../../../src/store/port.js';
import { GREETING_LIFE, SILENT_PAGES, SILENT_TIME, TagWatch } from '../../../sw/tag-watch.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A store whose notes outlive the watch, as on disk, with a count of what is written down. */
function notes(clock: FakeClock): { store: PieceStore; written: string[] } {
  const store = memoryStore(clock, 0);
  const remember = store.remember.bind(store);
  const written: string[] = [];
  store.remember = (name, text) => {
    if (store.recall(name) !== text) written.push(text);
    remember(name, text);
  };
  return { store, written };
}

let clock: FakeClock;
let disk: ReturnType<typeof notes>;
let watch: TagWatch;
let online: boolean;
let gone: number;
let pages: number;

beforeEach(() => {
  clock = new FakeClock();
  disk = notes(clock);
  [online, gone, pages] = [true, 0, 0];
  restart();
});

/** What a browser does to a worker that is idle. */
function restart(): void {
  const { store } = disk;
  watch = new TagWatch({ clock, store, isOnline: () => online, onGone: () => gone++ });
}

async function page(hello = false): Promise<void> {
  const id = `page-${pages++}`;
  watch.loads(id);
  watch.asks(id);
  watch.asks(id);
  if (hello) watch.greeted();
  await settle();
}

/** So many pages without the tag, `gap` ms apart, each in a worker that was started for it. */
async function silence(count: number, gap: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await clock.sleep(gap);
    restart();
    await page();
  }
}

describe('the tag is gone', () => {
  it('after ten silent pages in a row, of which the first came a day before the last', async () => {
    await page(true);
    await silence(SILENT_PAGES - 1, 3 * HOUR);
    expect(gone).toBe(0);
    await silence(1, 3 * HOUR);
    expect(gone).toBe(1);
  });

  it('not before a day is over, however many pages come', async () => {
    await page(true);
    await clock.sleep(HOUR);
    await silence(200, MINUTE);
    expect(gone).toBe(0);
    await clock.sleep(SILENT_TIME);
    await page();
    expect(gone).toBe(1);
  });

  it('not by few pages, however long it takes', async () => {
    await page(true);
    await silence(SILENT_PAGES - 1, 30 * SILENT_TIME);
    expect(gone).toBe(0);
  });

  it('not when one page among them says hello', async () => {
    await page(true);
    for (let i = 0; i < 10; i++) {
      await silence(SILENT_PAGES - 1, 5 * HOUR);
      await page(true);
    }
    expect(gone).toBe(0);
  });

  it('not when a page that was there all the time says hello again', async () => {
    await page(true);
    await silence(SILENT_PAGES - 1, 5 * HOUR);
    watch.greeted();
    await silence(SILENT_PAGES - 1, 5 * HOUR);
    expect(gone).toBe(0);
  });

  it('never for a worker that no page has spoken to', async () => {
    await silence(5 * SILENT_PAGES, 5 * HOUR);
    expect(gone).toBe(0);
    expect(disk.written).toEqual([]);
  });

  it('not by pages that did not come: failed, offline, downloads', async () => {
    await page(true);
    for (let i = 0; i < 3 * SILENT_PAGES; i++) {
      await clock.sleep(5 * HOUR);
      watch.loads(`failed-${i}`);
      watch.asks('another');
      await settle();
    }
    online = false;
    await silence(3 * SILENT_PAGES, 5 * HOUR);
    expect(gone).toBe(0);
  });
});

describe('what is written down', () => {
  it('nothing while pages say hello', async () => {
    await page(true);
    expect(disk.written).toHaveLength(1);
    for (let i = 0; i < 50; i++) {
      await clock.sleep(GREETING_LIFE / 60);
      await page(true);
    }
    expect(disk.written).toHaveLength(1);
    await silence(1, 1);
    expect(disk.written).toHaveLength(1);
  });

  it('a hello each hour at most', async () => {
    for (let i = 0; i < 240; i++) {
      watch.greeted();
      await settle();
      await clock.sleep(MINUTE);
    }
    expect(disk.written.length).toBeLessThanOrEqual(4);
  });

  it('a line for each silent page, and none once there are enough', async () => {
    await page(true);
    await clock.sleep(GREETING_LIFE);
    await silence(50, MINUTE);
    expect(disk.written).toHaveLength(1 + SILENT_PAGES);
  });

  it('a page without a hello soon after one that spoke is not looked at, in a worker started anew neither', async () => {
    await page(true);
    await silence(20, GREETING_LIFE / 30);
    expect(disk.written).toHaveLength(1);
  });
});

describe('clocks and stores that lie', () => {
  it('a clock that leaps ahead while pages speak', async () => {
    await page(true);
    clock.jump(365 * SILENT_TIME);
    await page();
    await page(true);
    await silence(SILENT_PAGES - 1, MINUTE);
    expect(gone).toBe(0);
  });

  it('a clock that is set back begins the row anew', async () => {
    await page(true);
    await silence(SILENT_PAGES - 1, 5 * HOUR);
    clock.jump(-100 * SILENT_TIME);
    await silence(SILENT_PAGES - 1, MINUTE);
    expect(gone).toBe(0);
    await silence(1, SILENT_TIME);
    expect(gone).toBe(1);
  });

  it('a hello of a time that is still to come does not keep the worker for good', async () => {
    clock.jump(365 * SILENT_TIME);
    await page(true);
    clock.jump(-365 * SILENT_TIME);
    restart();
    await silence(SILENT_PAGES, 5 * HOUR);
    expect(gone).toBe(1);
  });

  it.each(['', 'x', '1', '1 2', 'NaN 1 1', '-5 1 1', '0 0 0', '[object Object]', ' ', '1e999 x 0'])(
    'a note that makes no sense (%j) is none',
    async (note) => {
      disk.store.remember('tag', note);
      await silence(3 * SILENT_PAGES, 5 * HOUR);
      expect(gone).toBe(0);
      watch.greeted();
      await settle();
      expect(disk.store.recall('tag')).toBe(`${clock.now()} 0 0`);
    },
  );

  it('loading pages are bounded', async () => {
    await page(true);
    await clock.sleep(2 * GREETING_LIFE);
    watch.loads('first');
    for (let i = 0; i < 1000; i++) watch.loads(`flood-${i}`);
    watch.asks('first');
    await settle();
    expect(disk.written).toHaveLength(1);
  });
});
