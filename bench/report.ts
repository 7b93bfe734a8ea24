/**
 * What a benchmark file gives: `export default async function (context): Promise<BenchReport>`.
 * Figures of one report come from one run on one machine; `ratio` is what may be compared elsewhere.
 */
export interface BenchReport {
  readonly title: string;
  /** What was done, and what the ratios are relative to: a sentence or two, in Markdown. */
  readonly about: string;
  readonly rows: readonly BenchRow[];
  /** Pictures (SVG) that `about` shows, by their file names; they come to lie beside the page of results. */
  readonly pictures?: Readonly<Record<string, string>>;
}

export interface BenchRow {
  readonly name: string;
  readonly value: number;
  /** Unit of `value`, such as `ms`, `MB/s`, `bytes`. */
  readonly unit: string;
  /** For a median: first and third quartile of what it was taken from, in `unit`. */
  readonly spread?: readonly [number, number];
  /** `value` over that of the baseline in the same run. */
  readonly ratio?: number;
  readonly note?: string;
}

export interface BenchContext {
  /** Folder of the project; the built bundles are in its `dist`. */
  readonly root: string;
  /** Path of a Chromium, and the arguments to start it with. */
  readonly browser: { readonly executablePath: string; readonly args: readonly string[] };
  /** How often to repeat what a full run repeats `full` times: fewer in a quick run, at least twice. */
  repeats(full: number): number;
}

export type Benchmark = (context: BenchContext) => Promise<BenchReport>;
