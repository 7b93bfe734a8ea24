/** One line of a plot: a value for each place on the x axis. */
export interface Line {
  readonly name: string;
  readonly colour: string;
  readonly values: readonly number[];
}

export interface Plot {
  readonly title: string;
  readonly x: { readonly name: string; readonly values: readonly number[] };
  readonly y: { readonly name: string };
  readonly lines: readonly Line[];
}

const WIDTH = 640;
const HEIGHT = 360;
const LEFT = 64;
const RIGHT = 24;
const TOP = 48;
const BOTTOM = 56;
/** Grid lines above the x axis. */
const STEPS = 4;

/** A line chart as SVG, readable on light and on dark pages. */
export function plotted({ title, x, y, lines }: Plot): string {
  const top = rounded(Math.max(...lines.flatMap(({ values }) => values)));
  const [last = 1] = x.values.slice(-1);
  const across = (value: number): number => LEFT + (value / last) * (WIDTH - LEFT - RIGHT);
  const up = (value: number): number => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const grid = Array.from({ length: STEPS + 1 }, (_, i) => (top * i) / STEPS);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(LEFT, 24, title, 'font-weight="bold"'),
    ...grid.map((value) => `<path d="M${LEFT} ${up(value)}H${WIDTH - RIGHT}" stroke="#ddd"/>`),
    ...grid.map((value) => text(LEFT - 8, up(value) + 4, String(value), 'text-anchor="end"')),
    ...x.values.map((value) => text(across(value), HEIGHT - BOTTOM + 20, String(value), MIDDLE)),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, x.name, MIDDLE),
    text(LEFT, TOP - 8, y.name, ''),
    ...lines.flatMap((line, i) => {
      const points = x.values.map((value, at) => [across(value), up(line.values[at] ?? 0)] as const);
      return drawn(line, points, TOP + 16 + 18 * i);
    }),
    '</svg>\n',
  ].join('\n');
}

const MIDDLE = 'text-anchor="middle"';

function text(x: number, y: number, content: string, more: string): string {
  return `<text x="${tenths(x)}" y="${tenths(y)}" fill="#333" ${more}>${content}</text>`;
}

/** The line, its points, and its name beside a stroke of its colour. */
function drawn(
  { name, colour }: Line,
  points: readonly (readonly [number, number])[],
  height: number,
): string[] {
  const path = points.map(([x, y]) => `${tenths(x)},${tenths(y)}`).join(' ');
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2.5"/>`,
    ...points.map(([x, y]) => `<circle cx="${tenths(x)}" cy="${tenths(y)}" r="4" fill="${colour}"/>`),
    `<path d="M${LEFT + 16} ${height - 4}h24" stroke="${colour}" stroke-width="2.5"/>`,
    text(LEFT + 48, height, name, ''),
  ];
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

/** The next number that divides into round steps: 1, 2, 4 or 8 times a power of ten. */
function rounded(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 4, 8].find((step) => step * power >= value) ?? 10);
}
