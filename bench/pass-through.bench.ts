import type { Page } from 'playwright';
import type { BenchContext, BenchReport, BenchRow, Benchmark } from './report.js';
import { noisePicture } from './support/pictures.js';
import { baselineRow, comparedRow } from './support/rows.js';
import { STAGE, Stand } from './support/stand.js';
import { alternating } from './support/statistics.js';
import { Visitor } from './support/visitor.js';

const ROUNDS = 150;
const PICTURE_BYTES = 50_000;
const UNTOUCHED = '/untouched/picture.png';
/** Not to be shared, so nothing but the way through the worker is added. */
const PRIVATE = '/private/picture.png';
/** A copy is kept, the hash service is asked, the copy is compared and stored. */
const PUBLIC = '/public/picture.png';
/** Requests before the first that counts: code is compiled, connections are made. */
const WARM_UP = 10;

interface Kind {
  readonly name: string;
  readonly file: string;
  readonly peerfold: boolean;
}

const BLOCKS: readonly (readonly [without: Kind, ...withPeerfold: Kind[]])[] = [
  [
    { name: 'without Peerfold', file: PRIVATE, peerfold: false },
    { name: 'not touched by the worker (`exclude`)', file: UNTOUCHED, peerfold: true },
    { name: 'passed through, may not be shared', file: PRIVATE, peerfold: true },
  ],
  [
    { name: 'without Peerfold', file: PUBLIC, peerfold: false },
    { name: 'passed through, copy kept and compared', file: PUBLIC, peerfold: true },
  ],
];

/** Milliseconds until a picture at the top of the page has loaded. */
function loadTime(page: Page, url: string): Promise<number> {
  return page.evaluate(async (url) => {
    const image = new Image();
    image.style.cssText = 'position:fixed;top:0;left:0';
    const loaded = new Promise((resolve, reject) => {
      image.addEventListener('load', resolve);
      image.addEventListener('error', () => {
        reject(new Error(`${url} does not load`));
      });
    });
    document.body.append(image);
    const start = performance.now();
    image.src = url;
    await loaded;
    const elapsed = performance.now() - start;
    image.remove();
    return elapsed;
  }, url);
}

interface Visitors {
  readonly withPeerfold: Visitor;
  readonly without: Visitor;
}

async function measureBlock(
  kinds: readonly Kind[],
  rounds: number,
  { withPeerfold, without }: Visitors,
): Promise<Map<Kind, number[]>> {
  const times = new Map<Kind, number[]>(kinds.map((kind) => [kind, []]));
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const kind of alternating(round + WARM_UP, kinds)) {
      const { page } = kind.peerfold ? withPeerfold : without;
      const time = await loadTime(page, `${kind.file}?${round}`);
      if (round >= 0) times.get(kind)?.push(time);
    }
  }
  return times;
}

function rowsOf(times: ReadonlyMap<Kind, readonly number[]>): BenchRow[] {
  const [first, ...others] = [...times];
  if (!first) return [];
  const [{ name }, without] = first;
  return [baselineRow(name, without), ...others.map(([kind, own]) => comparedRow(kind.name, own, without))];
}

async function measure(context: BenchContext, stand: Stand): Promise<BenchRow[]> {
  const visitors = { withPeerfold: await Visitor.arrive(context), without: await Visitor.arrive(context) };
  try {
    await visitors.without.open(stand.plain + STAGE);
    await visitors.withPeerfold.openReady(stand.peerfold + STAGE);
    const rows: BenchRow[] = [];
    for (const kinds of BLOCKS) {
      rows.push(...rowsOf(await measureBlock(kinds, context.repeats(ROUNDS), visitors)));
    }
    return rows;
  } finally {
    await visitors.withPeerfold.leave();
    await visitors.without.leave();
  }
}

function report(rows: readonly BenchRow[]): BenchReport {
  return {
    title: 'A request that passes through the worker',
    about:
      'A picture of 50 KB at the top of the page, from `src` to its `load` event, each request with a ' +
      'new query, over loopback. Passing through takes the fetch handler, a look into the HTTP cache, ' +
      'and the question to the page where the picture is. Ratios are to the page without Peerfold.',
    rows,
  };
}

const passThrough: Benchmark = async (context) => {
  const picture = noisePicture(PICTURE_BYTES, 0);
  const stand = await Stand.open({
    files: { [UNTOUCHED]: picture, [PRIVATE]: picture, [PUBLIC]: picture },
    literal: { exclude: ['/untouched/*'] },
    rules: [{ path: '/private/*', headers: { 'cache-control': 'private, max-age=3600' } }],
  });
  try {
    return report(await measure(context, stand));
  } finally {
    await stand.close();
  }
};

export default passThrough;
