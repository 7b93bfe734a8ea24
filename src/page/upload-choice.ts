import { make } from './elements.js';

/** The visitor's own cap on uploading. */
export interface UploadLimits {
  /** Bytes per second; `undefined` while the visitor takes what the site allows. */
  get(): number | undefined;
  set(bytesPerSecond: number | undefined): void;
}

export interface UploadChoiceTexts {
  readonly limit: string;
  readonly nothing: string;
  readonly unlimited: string;
}

/** Bytes per second. */
const CHOICES: readonly (number | undefined)[] = [0, 256_000, 1_000_000, undefined];

/** A choice of upload caps that takes effect at once. A cap that was set elsewhere counts as the next larger one. */
export function uploadChoice(
  limits: UploadLimits,
  { limit, nothing, unlimited }: UploadChoiceTexts,
): HTMLLabelElement {
  const names = [nothing, '256 kB/s', '1 MB/s', unlimited];
  const select = make('select', { part: 'limit' }, ...names.map((name) => make('option', {}, name)));
  const cap = limits.get() ?? Infinity;
  select.selectedIndex = CHOICES.findIndex((choice) => cap <= (choice ?? Infinity));
  select.addEventListener('change', () => {
    limits.set(CHOICES[select.selectedIndex]);
  });
  return make('label', { part: 'limits' }, `${limit} `, select);
}
