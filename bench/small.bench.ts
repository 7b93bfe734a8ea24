import type { BenchContext, BenchRow, Benchmark } from './report.js';
import { HostBusy } from './support/host-busy.js';
import { fetchFile, fetchFromPeers, type LargeFile } from './support/large-file.js';
import { noise } from './support/pictures.js';
import { baselineRow, comparedRow } from './support/rows.js';
import { STAGE, Stand } from './support/stand.js';
import { median, pairedRatios } from './support/statistics.js';
import { TorrentRival } from './support/torrent.js';
import { withVisitors, type Visitor } from './support/visitor.js';

/** Objects of each sort; each visitor gets each object once. */
const WARM = 30;
const COLD = 15;
const OBJECT_BYTES = 200_000;
/** A page that will show the warm ones far below the fold: links are made and tokens fetched when it is idle. */
const SHELF = '/shelf.html';

const warm = (i: number): LargeFile => ({ path: `/media/warm/${i}.bin`, bytes: OBJECT_BYTES });
const cold = (i: number): LargeFile => ({ path: `/media/cold/${i}.bin`, bytes: OBJECT_BYTES });
const numbered = (count: number, of: (i: number) => LargeFile): LargeFile[] =>
  Array.from({ length: count }, (_, i) => of(i));
/** What whoever has no link yet holds already. */
const SPARE: LargeFile = { path: '/media/spare.bin', bytes: OBJECT_BYTES };
const ALL = [...numbered(WARM, warm), ...numbered(COLD, cold), SPARE];

/** Milliseconds from the request. */
interface Times {
  readonly first: number;
  readonly last: number;
}

/** One object by each way; absent: it came from elsewhere, or the rival cannot be had. */
interface Sample {
  readonly http: Times;
  readonly peerfold: Times | undefined;
  readonly torrent: Times | undefined;
}

function shelfText(): string {
  const images = numbered(WARM, warm).map(({ path }) => `<img src="${path}" loading="lazy">`);
  return `<!doctype html><title>shelf</title><script src="/peerfold.js"></script>
<body style="margin:0;padding-top:20000px">${images.join('\n')}</body>`;
}

function files(): Record<string, Uint8Array> {
  return Object.fromEntries(ALL.map(({ path, bytes }, i) => [path, noise(bytes, i)]));
}

/** Who gives, for all of the run. */
interface Givers {
  readonly torrents: TorrentRival | undefined;
  /** All warm objects in one torrent. */
  readonly shelf: Uint8Array | undefined;
  /** Each cold object in one of its own. */
  readonly singles: readonly Uint8Array[];
}

async function seedTorrents(
  rival: TorrentRival,
  seeder: Visitor,
  stand: Stand,
  count: number,
): Promise<Givers> {
  await seeder.open(stand.plain + STAGE);
  await rival.start(seeder.page);
  const paths = numbered(WARM, warm).map(({ path }) => path);
  const shelf = await rival.seed(seeder.page, paths);
  const singles: Uint8Array[] = [];
  for (const { path } of numbered(count, cold)) singles.push(await rival.seed(seeder.page, [path]));
  return { torrents: rival, shelf, singles };
}

async function seedAll(holder: Visitor, stand: Stand): Promise<void> {
  await holder.openReady(stand.peerfold + STAGE);
  for (const file of ALL) await fetchFile(holder, file);
  await stand.announced(ALL.length);
}

async function fromPeer(visitor: Visitor, file: LargeFile): Promise<Times | undefined> {
  const { first, last, fromPeers } = await fetchFromPeers(visitor, file);
  return fromPeers === file.bytes ? { first, last } : undefined;
}

/** Those that get, each in their own way. */
interface Getters {
  readonly plain: Visitor;
  readonly warm: Visitor;
  readonly cold: Visitor;
  readonly torrent: Visitor;
}

async function warmSamples(
  { plain, warm: visitor, torrent }: Getters,
  stand: Stand,
  { torrents, shelf }: Givers,
  count: number,
): Promise<Sample[]> {
  await visitor.openReady(stand.peerfold + SHELF);
  await visitor.linked();
  if (shelf) {
    await torrents?.start(torrent.page);
    await torrents?.join(torrent.page, shelf);
  }
  const samples: Sample[] = [];
  for (const file of numbered(count, warm)) {
    samples.push({
      http: await fetchFile(plain, file),
      peerfold: await fromPeer(visitor, file),
      torrent: shelf && (await torrents?.warm(torrent.page, file.path.slice('/media/warm/'.length))),
    });
  }
  return samples;
}

async function coldSamples(
  { plain, cold: visitor, torrent }: Getters,
  stand: Stand,
  { torrents, singles }: Givers,
  count: number,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  // Who holds something announces it, and so is known to the tracker as soon as its page is idle.
  await visitor.openReady(stand.peerfold + STAGE);
  await fetchFile(visitor, SPARE);
  for (const [i, file] of numbered(count, cold).entries()) {
    // A page of its own each time: the links of the one before are closed.
    await visitor.page.goto('about:blank');
    await stand.visitors(1);
    await visitor.openReady(stand.peerfold + STAGE);
    await stand.visitors(2);
    const single = singles[i];
    if (single) await torrents?.start(torrent.page);
    samples.push({
      http: await fetchFile(plain, file),
      peerfold: await fromPeer(visitor, file),
      torrent: single && (await torrents?.cold(torrent.page, single)),
    });
  }
  return samples;
}

async function measure(context: BenchContext, stand: Stand): Promise<BenchRow[]> {
  const rival = await TorrentRival.open(context.root, stand);
  const counts = { warm: context.repeats(WARM), cold: context.repeats(COLD) };
  try {
    return await withVisitors(context, async (arrive) => {
      await seedAll(await arrive(), stand);
      const givers = rival
        ? await seedTorrents(rival, await arrive(), stand, counts.cold)
        : { torrents: undefined, shelf: undefined, singles: [] };
      const getters = {
        plain: await arrive(),
        warm: await arrive(),
        cold: await arrive(),
        torrent: await arrive(),
      };
      await getters.plain.open(stand.plain + STAGE);
      await getters.torrent.open(stand.plain + STAGE);
      const warmRows = rowsOf('warm link', await warmSamples(getters, stand, givers, counts.warm));
      await getters.warm.page.goto('about:blank');
      const coldRows = rowsOf('no link yet', await coldSamples(getters, stand, givers, counts.cold));
      return [...warmRows, ...coldRows];
    });
  } finally {
    await rival?.close();
  }
}

const MOMENTS = ['first', 'last'] as const;

function rowsOf(state: string, samples: readonly Sample[]): BenchRow[] {
  return MOMENTS.flatMap((moment) => [
    baselineRow(
      `${state}, ${moment} byte: HTTP, without Peerfold`,
      samples.map(({ http }) => http[moment]),
    ),
    ...comparedRows(`${state}, ${moment} byte: a peer, Peerfold`, samples, moment, 'peerfold'),
    ...comparedRows(`${state}, ${moment} byte: a peer, WebTorrent`, samples, moment, 'torrent'),
  ]);
}

function comparedRows(
  name: string,
  samples: readonly Sample[],
  moment: keyof Times,
  who: 'peerfold' | 'torrent',
): BenchRow[] {
  const pairs = samples.flatMap(({ http, torrent, ...all }) => {
    const own = { ...all, torrent }[who]?.[moment];
    return own === undefined ? [] : [{ own, http: http[moment], torrent: torrent?.[moment] }];
  });
  if (pairs.length === 0) return [];
  const elsewhere = samples.length - pairs.length;
  const notes = [
    ...(who === 'peerfold' ? besideTorrent(pairs) : []),
    ...(elsewhere > 0 ? [`${elsewhere} of ${samples.length} came from elsewhere`] : []),
  ];
  return [
    comparedRow(
      name,
      pairs.map(({ own }) => own),
      pairs.map(({ http }) => http),
      notes.length > 0 ? { note: notes.join('; ') } : {},
    ),
  ];
}

function besideTorrent(
  pairs: readonly { readonly own: number; readonly torrent: number | undefined }[],
): string[] {
  const both = pairs.flatMap(({ own, torrent }) => (torrent === undefined ? [] : [{ own, torrent }]));
  if (both.length === 0) return [];
  const ratios = pairedRatios(
    both.map(({ own }) => own),
    both.map(({ torrent }) => torrent),
  );
  return [`${median(ratios).toFixed(2)} of WebTorrent’s`];
}

const small: Benchmark = async (context) => {
  const stand = await Stand.open({
    pages: { [SHELF]: shelfText() },
    files: files(),
    literal: { include: ['/media/*'] },
    rules: [{ path: '/media/*', headers: { 'cache-control': 'public, max-age=3600' } }],
  });
  const busy = new HostBusy();
  try {
    const rows = await measure(context, stand);
    return { title: 'An object of 200 KB from a peer', about: ABOUT, rows: [...rows, busy.row()] };
  } finally {
    await stand.close();
  }
};

const ABOUT =
  'Milliseconds until the first and last byte of a file of 200 KB reach a script that reads it as a stream, ' +
  'over loopback, each in a profile of its own. Warm link: the page is linked to the holder and has the ' +
  'file’s token, which it fetched while it was idle; WebTorrent is connected in a torrent of which it has asked ' +
  'for nothing else. No link yet: the page has just opened and never heard of the file, so that token, ' +
  'holder, link and bytes are all got after the request; WebTorrent knows the torrent and its tracker. Ratios are to HTTP without Peerfold.';

export default small;
