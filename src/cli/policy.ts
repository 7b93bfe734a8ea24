import { resolve } from 'node:path';
import { z } from 'zod';
import { FOREVER, hasherConfig, withPolicyCare, type ShownPolicy } from '../../hasher-service/index.js';
import { configured, type Command } from './command.js';
import { grouped } from './group.js';
import { columns } from './help.js';
import { UsageError } from './io.js';

const PREFIX = 'PEERFOLD_HASHER';
const data = z.string().min(1).default('.peerfold').describe('data directory of the hash service');
const all = z.boolean().default(false).describe('everything that was signed');
const redis = hasherConfig.shape.redis.describe('Redis of the hash service, where it has one');
const schema = z.strictObject({ data, redis });
const naming = { prefix: PREFIX };

const show = configured({
  name: 'peerfold policy show',
  summary: 'Shows the policy: whether and for whom peers are used, and what is void.',
  schema,
  naming,
  async act(config, io) {
    io.out(columns(rowsOf(await withPolicyCare(config, (care) => care.show()))));
    return 0;
  },
});

const enable = configured({
  name: 'peerfold policy enable',
  summary: 'Lets visitors share.',
  schema,
  naming,
  async act(config, io) {
    await withPolicyCare(config, (care) => care.enable(true));
    io.out(`enabled${followed(config)}`);
    return 0;
  },
});

const disable = configured({
  name: 'peerfold policy disable',
  summary: 'The kill switch: everything comes from the origin again.',
  schema,
  naming,
  async act(config, io) {
    await withPolicyCare(config, (care) => care.enable(false));
    io.out(`disabled${followed(config)}`);
    return 0;
  },
});

const rollout = configured({
  name: 'peerfold policy rollout',
  summary: 'Sets the share of visitors that take part, from 0 to 1.',
  schema,
  naming,
  operand: 'N',
  async act(config, io, operand) {
    const share = /^\d*\.?\d+$/.test(operand) ? Number(operand) : Number.NaN;
    if (!(share >= 0 && share <= 1))
      throw new UsageError(`peerfold policy rollout: "${operand}" is no number from 0 to 1`);
    await withPolicyCare(config, (care) => care.rollOut(share));
    io.out(`rolled out to ${share}${followed(config)}`);
    return 0;
  },
});

const revoke = configured({
  name: 'peerfold policy revoke',
  summary: 'Voids a URL, a URL pattern such as /media/* or a root for ever: it is not shared any more.',
  schema,
  naming,
  operand: 'WHAT',
  async act(config, io, what) {
    await withPolicyCare(config, (care) => care.revoke(what));
    io.out(`revoked ${what}${followed(config)}`);
    return 0;
  },
});

const allow = configured({
  name: 'peerfold policy allow',
  summary: 'Takes a revocation back.',
  schema,
  naming,
  operand: 'WHAT',
  async act(config, io, what) {
    await withPolicyCare(config, (care) => care.allow(what));
    io.out(`allowed ${what}${followed(config)}`);
    return 0;
  },
});

const purge = configured({
  name: 'peerfold policy purge',
  summary:
    'Voids what was signed until now about a URL, a URL pattern such as /media/*, or with --all everything; it is then looked at anew.',
  schema: schema.extend({ all }),
  naming,
  operand: '[URL|PATTERN]',
  async act(config, io, what) {
    if (config.all === (what !== ''))
      throw new UsageError('peerfold policy purge: say a URL, a URL pattern or --all; see its --help');
    await withPolicyCare(config, (care) => care.purge(config.all ? 'all' : { of: what }));
    io.out(`purged ${config.all ? 'everything' : what}${followed(config)}`);
    return 0;
  },
});

export const policy: Command = grouped({
  name: 'peerfold policy',
  summary: 'Shows and changes what visitors are told: the kill switch, roll-out, revocations and purges.',
  actions: new Map([
    ['show', show],
    ['enable', enable],
    ['disable', disable],
    ['rollout', rollout],
    ['revoke', revoke],
    ['allow', allow],
    ['purge', purge],
  ]),
});

/** An address of Redis may hold a password. */
function followed({ data: directory, redis: shared }: z.output<typeof schema>): string {
  const place = shared === undefined ? resolve(directory) : 'Redis';
  return ` in ${place}; visitors follow within five minutes`;
}

function rowsOf({ operator, purges }: ShownPolicy): [string, string][] {
  const { enabled, rollout: share, minEpoch, revoked } = operator;
  return [
    ['enabled', enabled ? 'yes' : 'no'],
    ['rollout', String(share)],
    ['epoch', String(Math.max(minEpoch, purges.epoch))],
    ...revoked.map(({ of, before }) =>
      row('revoked', of, before === FOREVER ? 'for ever' : `before ${dated(before)}`),
    ),
    ...purges.revoked.map(({ of, at, site }) => row('purged', of, dated(at), site)),
    ...purges.orders.map(({ of, site }) => row('purged', of, 'as soon as the hash service runs', site)),
  ];
}

function row(name: string, of: string, when: string, site?: string): [string, string] {
  return [name, `${of}${site === undefined ? '' : ` for ${site}`}, ${when}`];
}

function dated(ms: number): string {
  return new Date(ms).toISOString();
}
