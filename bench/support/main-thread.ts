import type { CDPSession, Page } from 'playwright';

/** Seconds of the page's main thread, and bytes of its heap, so far. */
interface Metrics {
  readonly TaskDuration: number;
  readonly JSHeapUsedSize: number;
}

declare global {
  interface Window {
    longFrames?: LongFrame[];
  }
}

/** A frame or task of 50 ms and more (Long Animation Frames API) in which a script of Peerfold's ran. */
export interface LongFrame {
  /** Of the whole frame (ms). */
  readonly duration: number;
  /** Of Peerfold's scripts in it (ms). */
  readonly ours: number;
}

/** What a page's main thread does, from the browser's own books. */
export class MainThread {
  private constructor(
    private readonly page: Page,
    private readonly session: CDPSession,
  ) {}

  /** For this page and those that are opened in its place. */
  static async watch(page: Page): Promise<MainThread> {
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    await page.addInitScript(watchFrames);
    return new MainThread(page, session);
  }

  /** Milliseconds that the main thread was busy so far, with anything. */
  async busy(): Promise<number> {
    return 1000 * (await this.#metrics()).TaskDuration;
  }

  /** Bytes of the JavaScript heap in use, after collecting garbage. */
  async heap(): Promise<number> {
    await this.session.send('HeapProfiler.collectGarbage');
    return (await this.#metrics()).JSHeapUsedSize;
  }

  /** Since the page was opened. */
  longFrames(): Promise<readonly LongFrame[]> {
    return this.page.evaluate(() => window.longFrames ?? []);
  }

  async #metrics(): Promise<Metrics> {
    const { metrics } = await this.session.send('Performance.getMetrics');
    const valueOf = (name: string): number => metrics.find((one) => one.name === name)?.value ?? Number.NaN;
    return { TaskDuration: valueOf('TaskDuration'), JSHeapUsedSize: valueOf('JSHeapUsedSize') };
  }
}

/** Runs in the page before anything else. */
function watchFrames(): void {
  interface Frame extends PerformanceEntry {
    readonly scripts: readonly { readonly sourceURL: string; readonly duration: number }[];
  }
  const found: LongFrame[] = (window.longFrames = []);
  const observer = new PerformanceObserver((list) => {
    for (const { duration, scripts } of list.getEntries() as Frame[]) {
      const ours = scripts.filter(({ sourceURL }) => /\/peerfold[^/]*\.js/.test(sourceURL));
      if (ours.length > 0) found.push({ duration, ours: ours.reduce((sum, one) => sum + one.duration, 0) });
    }
  });
  observer.observe({ type: 'long-animation-frame', buffered: true });
}
