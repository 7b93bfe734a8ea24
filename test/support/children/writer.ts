import { systemClock } from '../../../src/protocol/system-clock.js';
import { seededBytes, seededRandom } from '../random.js';
import { Scribe } from '../scribe.js';

/** URLs that are written again and again. */
const PATHS = 30;
const AT_ONCE = 4;

/**
 * Writes layers and statements into the data directory named by its first argument, without end; says
 * the version of each one that could be given out. The second argument is the seed.
 */
const [data = '', seed = '0'] = process.argv.slice(2);
const random = seededRandom(Number(seed));
const bytes = seededBytes(Number(seed));
const scribe = await Scribe.open(data, systemClock);
const archive = scribe.archive(data);
let ver = Date.now();
await archive.open({
  learn: () => undefined,
  vouch: () => undefined,
  forget: () => undefined,
  remember: (used) => (ver = Math.max(ver, used)),
});
void archive.survey(new AbortController().signal);

async function write(): Promise<void> {
  const path = `/${Math.floor(random() * PATHS)}`;
  const said = await scribe.token(path, bytes(1 + Math.floor(random() * 100_000)), { ver: ++ver });
  await archive.writeLayer(said.token.claims.root, said.layer);
  await archive.write(said.token);
  process.stdout.write(`${said.token.claims.ver}\n`);
}

await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (;;) await write();
  }),
);
