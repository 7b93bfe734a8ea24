import { z } from 'zod';
import { listKeys, newKey, type KeyInfo } from '../../hasher-service/index.js';
import { configured, type Command } from './command.js';
import { columns } from './help.js';
import { UsageError, type Io } from './io.js';

const PREFIX = 'PEERFOLD_HASHER';
const data = z.string().min(1).default('.peerfold').describe('data directory of the hash service');
const alg = z.enum(['Ed25519', 'ES256']).default('Ed25519').describe('Ed25519 or ES256');

const list = configured({
  name: 'peerfold keys list',
  summary: 'Shows the signing keys of a data directory, the one that signs last.',
  schema: z.strictObject({ data }),
  naming: { prefix: PREFIX },
  async act(config, io) {
    const keys = await listKeys(config.data);
    io.out(
      keys.length > 0 ? columns(keys.map(row)) : `no keys in ${config.data}; the hash service makes one`,
    );
    return 0;
  },
});

const fresh = configured({
  name: 'peerfold keys new',
  summary: 'Makes a signing key. It signs from the next start of the hash service; older keys stay valid.',
  schema: z.strictObject({ data, alg }),
  naming: { prefix: PREFIX },
  async act(config, io) {
    io.out(columns([row(await newKey(config.data, { alg: config.alg }))]));
    return 0;
  },
});

const actions: ReadonlyMap<string | undefined, Command> = new Map([
  ['list', list],
  ['new', fresh],
]);

export const keys: Command = {
  summary: 'Shows and makes the signing keys of a hash service.',
  run([action, ...rest], io) {
    const command = actions.get(action);
    if (command) return command.run(rest, io);
    if (action === '--help' || action === '-h') return showActions(io);
    const said = action === undefined ? 'say what to do' : `"${action}" is not known`;
    throw new UsageError(`peerfold keys: ${said}: list or new; see peerfold keys --help`);
  },
};

function row({ kid, alg, created }: KeyInfo): [string, string] {
  return [kid, `${alg}, made ${new Date(created).toISOString()}`];
}

function showActions(io: Io): Promise<number> {
  const rows = [...actions].map(([name, { summary }]) => [name ?? '', summary] as const);
  io.out(`Usage: peerfold keys list|new [options]\n\n${columns(rows)}`);
  return Promise.resolve(0);
}
