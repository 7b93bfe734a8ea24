import { createInterface } from 'node:readline';
import { createHasher, type HasherOptions } from '../../../hasher-service/index.js';
import { systemClock } from '../../../src/protocol/system-clock.js';
import { BUILT_HASHING } from '../built-hashing.js';

/**
 * One instance of the hash service, as a process of its own; says where it listens. Its first argument
 * holds the options of `createHasher`, its second the milliseconds by which its wall clock is off, and
 * so does each line of its standard input.
 */
let offset = Number(process.argv[3] ?? 0);
const clock = { ...systemClock, now: () => Date.now() + offset };
const options = JSON.parse(process.argv[2] ?? '{}') as HasherOptions;
const hasher = await createHasher(options, { clock, ...BUILT_HASHING });
const { url } = await hasher.listen();
createInterface({ input: process.stdin }).on('line', (line) => {
  offset = Number(line);
  process.stdout.write('set\n');
});
process.once('SIGTERM', () => void hasher.close().then(() => process.exit()));
process.stdout.write(`${url}\n`);
