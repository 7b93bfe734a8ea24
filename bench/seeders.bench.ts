import type { BenchContext, BenchRow, Benchmark } from './report.js';
import { HostBusy } from './support/host-busy.js';
import {
  fetchFromPeersAlone,
  LEECH,
  LEECH_TEXT,
  LURE,
  LURE_BYTES,
  paceOfPeers,
  seedFile,
  seedLure,
  shareFromPeers,
  type Fetched,
  type LargeFile,
} from './support/large-file.js';
import { noise, noisePicture } from './support/pictures.js';
import { baselineRow, comparedRow } from './support/rows.js';
import { Stand } from './support/stand.js';
import { withVisitors, type Visitor } from './support/visitor.js';

const ROUNDS = 5;
const SEEDERS = 4;
/** What each of them may upload (bytes per second). */
const CAP = 2_000_000;
const FILE: LargeFile = { path: '/media/bulk.bin', bytes: 50_000_000 };
/** The page that seeders give from. */
const CAPPED = '/capped.html';
const CAPPED_TEXT = '<!doctype html><title>capped</title><script src="/peerfold.js"></script><body></body>';
/** The file, the lure. */
const ROOTS = 2;

interface Round extends Fetched {
  /** Links of the leecher when it began. */
  readonly links: number;
}

/** They get the file without caps, from each other too, and then go to the page where they have one. */
async function gather(stand: Stand, arrive: () => Promise<Visitor>): Promise<void> {
  const seeders: Visitor[] = [];
  for (let i = 1; i <= SEEDERS; i++) {
    const seeder = await arrive();
    seeders.push(seeder);
    await seedLure(seeder, stand);
    await seedFile(seeder, FILE);
    await stand.announced(i * ROOTS);
  }
  for (const seeder of seeders) await seeder.page.goto('about:blank');
  await stand.visitors(0);
  for (const seeder of seeders) await seeder.openReady(stand.peerfold + CAPPED);
  await stand.announced(SEEDERS * ROOTS);
}

function oneRound(context: BenchContext, stand: Stand): Promise<Round> {
  return withVisitors(context, async (arrive) => {
    const leecher = await arrive();
    await leecher.openReady(stand.peerfold + LEECH);
    await leecher.linked();
    const links = await leecher.page.evaluate(() => window.peerfold.stats().links);
    return { ...(await fetchFromPeersAlone(leecher, stand, FILE)), links };
  });
}

function measure(context: BenchContext, stand: Stand): Promise<Round[]> {
  return withVisitors(context, async (arrive) => {
    await gather(stand, arrive);
    const rounds: Round[] = [];
    for (let i = 0; i < context.repeats(ROUNDS); i++) rounds.push(await oneRound(context, stand));
    return rounds;
  });
}

function rowsOf(rounds: readonly Round[]): BenchRow[] {
  const sum = (SEEDERS * CAP) / 1e6;
  const paces = rounds.map(paceOfPeers);
  const links = rounds.map((one) => one.links).join(', ');
  const unit = 'MB/s';
  const note = `target 0.90; ${shareFromPeers(rounds, FILE)}; links when it began: ${links}`;
  return [
    baselineRow('sum of the caps', [sum], unit),
    comparedRow(
      'from peers',
      paces,
      paces.map(() => sum),
      { unit, note },
    ),
  ];
}

const seeders: Benchmark = async (context) => {
  const stand = await Stand.open({
    pages: { [LEECH]: LEECH_TEXT, [CAPPED]: CAPPED_TEXT },
    caps: { [CAPPED]: CAP },
    files: { [FILE.path]: noise(FILE.bytes, 1), [LURE]: noisePicture(LURE_BYTES, 2) },
    literal: { include: ['/media/*'] },
    rules: [{ path: FILE.path, headers: { 'cache-control': 'public, max-age=3600' } }],
  });
  const busy = new HostBusy();
  try {
    const rows = rowsOf(await measure(context, stand));
    return { title: 'A file of 50 MB from four slow visitors', about: ABOUT, rows: [...rows, busy.row()] };
  } finally {
    await stand.close();
  }
};

const ABOUT =
  'Four visitors hold the file and may upload 2 MB/s each (`data-upload`). A fifth with a fresh profile, ' +
  'which is linked to at least one of them by a picture that all five want, gets it by `fetch`, from them ' +
  'alone: the origin gives nothing after the first byte, and only what the four gave is counted. The ratio is to the sum of the caps.';

export default seeders;
