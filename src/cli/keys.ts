import { z } from 'zod';
import {
  listKeys,
  newKey,
  revokeKey,
  rotateKey,
  type KeyInfo,
  type KeyState,
  type ListedKey,
} from '../../hasher-service/index.js';
import { configured, type Command } from './command.js';
import { grouped } from './group.js';
import { columns } from './help.js';

const PREFIX = 'PEERFOLD_HASHER';
const data = z.string().min(1).default('.peerfold').describe('data directory of the hash service');
const ALGORITHMS = ['Ed25519', 'ES256'] as const;
const alg = z.enum(ALGORITHMS).default('Ed25519').describe('Ed25519 or ES256');
const otherAlg = z
  .enum(ALGORITHMS)
  .optional()
  .describe('Ed25519 or ES256; without it, that of the key that signs');

const list = configured({
  name: 'peerfold keys list',
  summary: 'Shows the keys of a data directory, and what each is there for.',
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
  summary:
    'Makes a key. The first one signs at once, a further one ten minutes later, when verifiers know it.',
  schema: z.strictObject({ data, alg }),
  naming: { prefix: PREFIX },
  async act(config, io) {
    io.out(made(await newKey(config.data, { alg: config.alg })));
    return 0;
  },
});

const rotate = configured({
  name: 'peerfold keys rotate',
  summary:
    'Makes a successor, which signs from ten minutes on. The key before stays good for what it signed, for a day.',
  schema: z.strictObject({ data, alg: otherAlg }),
  naming: { prefix: PREFIX },
  async act(config, io) {
    io.out(made(await rotateKey(config.data, { alg: config.alg })));
    return 0;
  },
});

const revoke = configured({
  name: 'peerfold keys revoke',
  summary:
    'Voids all that a key signed and deletes it. Visitors follow within five minutes; where it was the one that signs, another one takes over at once.',
  schema: z.strictObject({ data }),
  naming: { prefix: PREFIX },
  operand: 'KID',
  async act(config, io, kid) {
    const heir = await revokeKey(config.data, kid);
    io.out(`${kid} is revoked; ${heir.kid} signs`);
    return 0;
  },
});

export const keys: Command = grouped({
  name: 'peerfold keys',
  summary: 'Shows, makes, rotates and revokes the signing keys of a hash service.',
  actions: new Map([
    ['list', list],
    ['new', fresh],
    ['rotate', rotate],
    ['revoke', revoke],
  ]),
});

function made({ kid, alg, activeFrom }: KeyInfo): string {
  return columns([[kid, `${alg}, signs from ${dated(activeFrom)} on`]]);
}

function row({ kid, alg, state }: ListedKey): [string, string] {
  return [kid, alg === undefined ? inWords(state) : `${alg}, ${inWords(state)}`];
}

function inWords(state: KeyState): string {
  switch (state.is) {
    case 'signs':
      return 'signs';
    case 'next':
      return `next, signs from ${dated(state.from)} on`;
    case 'published':
      return `published until ${dated(state.until)}`;
    case 'revoked':
      return state.at === undefined ? 'revoked' : `revoked ${dated(state.at)}`;
  }
}

function dated(ms: number): string {
  return new Date(ms).toISOString();
}
