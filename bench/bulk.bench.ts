import type { BenchContext, BenchRow, Benchmark } from './report.js';
import { bareTransfer } from './support/bare-channel.js';
import { noise, noisePicture } from './support/pictures.js';
import { baselineRow, comparedRow } from './support/rows.js';
import { STAGE, Stand } from './support/stand.js';
import { Visitor } from './support/visitor.js';

const ROUNDS = 5;
const FILE = '/media/bulk.bin';
const FILE_BYTES = 50_000_000;
const MEGABYTE = 1_000_000;
/** Seen by both, so that the leecher looks for holders and is linked before it asks for the file. */
const LURE = '/media/lure.png';
const LURE_BYTES = 100_000;
/** Whoever sees a file over HTTP keeps at most 16 MiB of one answer, so the seeder reads it in parts. */
const PART_BYTES = 8 * 2 ** 20;
const LEECH = '/leech.html';
const LEECH_TEXT = `<!doctype html><title>leech</title><script src="/peerfold.js"></script>
<body style="margin:0;padding-top:20000px"><img src="${LURE}" loading="lazy"></body>`;

/** What one way of getting the file took (ms), and the bytes that peers gave of it. */
interface Fetched {
  readonly first: number;
  readonly last: number;
  readonly fromPeers: number;
}

async function seed(visitor: Visitor, stand: Stand): Promise<void> {
  await visitor.openReady(stand.peerfold + STAGE);
  await visitor.page.evaluate(
    async ({ file, length, part, lure }) => {
      const image = new Image();
      image.src = lure;
      document.body.append(image);
      await image.decode();
      // The first answer makes the hash service sign the file; what follows is kept against its token.
      await (await fetch(file, { headers: { range: 'bytes=0-65535' } })).arrayBuffer();
      for (let at = 0; at < length; at += part) {
        const range = `bytes=${at}-${Math.min(at + part, length) - 1}`;
        await (await fetch(file, { headers: { range } })).arrayBuffer();
      }
    },
    { file: FILE, length: FILE_BYTES, part: PART_BYTES, lure: LURE },
  );
  await stand.announced(2);
}

/** Reads the whole file by `fetch`, whatever stands between the page and the network. */
function fetchFile(visitor: Visitor): Promise<Omit<Fetched, 'fromPeers'>> {
  return visitor.page.evaluate(
    async ({ file, length }) => {
      const start = performance.now();
      const reader = (await fetch(file)).body?.getReader();
      let first: number | undefined;
      let bytes = 0;
      for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
        first ??= performance.now() - start;
        bytes += chunk.value.byteLength;
      }
      if (bytes !== length) throw new Error(`${bytes} bytes instead of ${length}`);
      return { first: first ?? Number.NaN, last: performance.now() - start };
    },
    { file: FILE, length: FILE_BYTES },
  );
}

async function fromPeer(leecher: Visitor): Promise<Fetched> {
  const { first, last } = await fetchFile(leecher);
  await leecher.page.waitForFunction(
    (file) => window.peerfold.stats().resources.some(({ url }) => url.endsWith(file)),
    FILE,
  );
  const report = (await leecher.transfers()).findLast(({ url }) => url.endsWith(FILE));
  return { first, last, fromPeers: report?.bytes.peer ?? 0 };
}

interface Round {
  readonly bare: number;
  readonly peer: Fetched;
  readonly http: number;
}

async function oneRound(context: BenchContext, stand: Stand, seeder: Visitor, round: number): Promise<Round> {
  const [leecher, plain] = [await Visitor.arrive(context), await Visitor.arrive(context)];
  try {
    await plain.open(stand.plain + STAGE);
    await leecher.openReady(stand.peerfold + LEECH);
    await leecher.linked();
    const ways = {
      bare: () => bareTransfer(seeder.page, leecher.page, FILE_BYTES),
      peer: () => fromPeer(leecher),
    };
    const http = (await fetchFile(plain)).last;
    if (round % 2 === 0) return { http, bare: await ways.bare(), peer: await ways.peer() };
    return { http, peer: await ways.peer(), bare: await ways.bare() };
  } finally {
    await leecher.leave();
    await plain.leave();
  }
}

async function measure(context: BenchContext, stand: Stand): Promise<Round[]> {
  const seeder = await Visitor.arrive(context);
  const rounds: Round[] = [];
  try {
    await seed(seeder, stand);
    for (let i = 0; i < context.repeats(ROUNDS); i++) rounds.push(await oneRound(context, stand, seeder, i));
    return rounds;
  } finally {
    await seeder.leave();
  }
}

function rowsOf(rounds: readonly Round[]): BenchRow[] {
  const pace = (ms: number): number => FILE_BYTES / MEGABYTE / (ms / 1000);
  const bare = rounds.map((one) => pace(one.bare));
  const peer = rounds.map((one) => pace(one.peer.last));
  const shares = rounds.map((one) => one.peer.fromPeers / FILE_BYTES);
  const share = `${(100 * Math.min(...shares)).toFixed(1)}–${(100 * Math.max(...shares)).toFixed(1)} %`;
  const unit = 'MB/s';
  return [
    baselineRow('bare RTCDataChannel', bare, unit),
    comparedRow('Peerfold, `fetch` through the worker', peer, bare, { unit, note: `${share} from the peer` }),
    comparedRow(
      'HTTP, without Peerfold',
      rounds.map((one) => pace(one.http)),
      bare,
      { unit },
    ),
    baselineRow(
      'Peerfold: first byte',
      rounds.map((one) => one.peer.first),
    ),
  ];
}

const bulk: Benchmark = async (context) => {
  const stand = await Stand.open({
    pages: { [LEECH]: LEECH_TEXT },
    files: { [FILE]: noise(FILE_BYTES, 1), [LURE]: noisePicture(LURE_BYTES, 2) },
    literal: { include: ['/media/*'] },
    rules: [{ path: FILE, headers: { 'cache-control': 'public, max-age=3600' } }],
  });
  try {
    return {
      title: 'A file of 50 MB from one visitor to another',
      about:
        'Between two profiles on one machine that were linked before. The bare channel moves as many ' +
        'bytes in the same run between the same two pages, in messages of 64 KiB with a high-water of ' +
        '256 KiB, and checks, stores and hands on nothing. Ratios are to it.',
      rows: rowsOf(await measure(context, stand)),
    };
  } finally {
    await stand.close();
  }
};

export default bulk;
