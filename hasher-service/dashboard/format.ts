const NOTHING = '–';
const counts = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const averages = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const fractions = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hour12: false });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const DAY = 86_400;
const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];

type Known = number | null | undefined;
export type Format = (value: Known) => string;

/** Nothing is known where nothing was told. */
function known(format: (value: number) => string): Format {
  return (value) => (value === null || value === undefined ? NOTHING : format(value));
}

/** Decimal units, as browsers show them. */
export const bytes = known((value) => {
  const unit = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return `${fractions.format(value / 1000 ** unit)} ${UNITS[unit] ?? ''}`;
});

export const bytesPerSecond = known((value) => `${bytes(value)}/s`);

export const count = known((value) => counts.format(value));

/** Of whole things. */
export const average = known((value) => averages.format(value));

export const fraction = known((value) => fractions.format(value));

export const percent = known((value) => `${fractions.format(100 * value)} %`);

/** Milliseconds. */
export const time = known((value) =>
  Math.abs(value) < 1000 ? `${counts.format(value)} ms` : `${fractions.format(value / 1000)} s`,
);

/** With its sign: a difference. */
export function signed(format: Format): Format {
  return known((value) => (value > 0 ? `+${format(value)}` : format(value).replace('-', '−')));
}

/** A moment (s since 1970) on an axis that is `range` seconds long. */
export function moment(at: number, range: number): string {
  const date = new Date(at * 1000);
  return range > 2 * DAY ? day.format(date) : clock.format(date);
}

/** The same, as exactly as it is known. */
export function exact(at: number): string {
  const date = new Date(at * 1000);
  return `${day.format(date)}, ${clock.format(date)}`;
}
