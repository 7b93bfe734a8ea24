import { PeerfoldError } from '../../src/core/errors.js';
import { makeKey, withActiveFrom } from './key-file.js';
import { KeyDirectory, type Keys } from './key-directory.js';
import {
  LEAD,
  MAX_KEYS,
  endOf,
  inOrder,
  neededKeys,
  signingKey,
  waitingKeys,
  type KeyAlgorithm,
  type KeyInfo,
} from './schedule.js';

/** One place stays free for the successor that a revocation needs. */
const MAX_MADE = MAX_KEYS - 1;

/** What a key is there for; times in milliseconds since 1970. */
export type KeyState =
  | { readonly is: 'signs' }
  | { readonly is: 'next'; readonly from: number }
  | { readonly is: 'published'; readonly until: number }
  | { readonly is: 'revoked'; readonly at: number | undefined };
export interface ListedKey {
  readonly kid: string;
  /** Of a revoked key nothing is kept but its id. */
  readonly alg?: KeyAlgorithm;
  readonly state: KeyState;
}

/** All keys in a data directory, in the order in which they sign. Private parts stay in the files. */
export async function listKeys(data: string, now = Date.now()): Promise<ListedKey[]> {
  const { keys, revoked } = await readUsable(data);
  const gone = [...revoked].map(([kid, at]) => ({ kid, state: { is: 'revoked', at } as const }));
  const there = inOrder(keys).map((key) => ({ kid: key.kid, alg: key.alg, state: stateOf(keys, key, now) }));
  return [...gone, ...there];
}

/** Makes a key. The first one signs at once, a further one once verifiers have read of it. */
export async function newKey(
  data: string,
  { alg, now = Date.now() }: { readonly alg: KeyAlgorithm; readonly now?: number },
): Promise<KeyInfo> {
  const { keys } = await readUsable(data);
  return add(data, keys, alg, { created: now, activeFrom: keys.length === 0 ? now : now + LEAD });
}

/** Makes a successor of the key that signs, of the same algorithm unless told otherwise. */
export async function rotateKey(
  data: string,
  { alg, now = Date.now() }: { readonly alg?: KeyAlgorithm | undefined; readonly now?: number } = {},
): Promise<KeyInfo> {
  const { keys } = await readUsable(data);
  const signing = signingKey(keys, now);
  if (!signing) throw fault('there is no key to rotate; make one with peerfold keys new');
  return add(data, keys, alg ?? signing.alg, { created: now, activeFrom: now + LEAD });
}

/**
 * Voids all that a key signed. Where it is the one that signs, its successor takes over first, made now
 * if none waits. Resolves to the key that signs from now on. Other files that cannot be used do not matter.
 */
export async function revokeKey(data: string, kid: string, now = Date.now()): Promise<KeyInfo> {
  const directory = new KeyDirectory(data);
  await directory.make();
  const { keys, faults } = await directory.read();
  const key = keys.find((candidate) => candidate.kid === kid);
  if (!key && !faults.has(kid))
    throw fault(`there is no key ${kid} in ${directory.path}; see peerfold keys list`);
  const signing = signingKey(keys, now);
  const heir = !signing || signing === key ? await enthrone(directory, keys, key?.alg, now) : signing;
  await directory.revoke(kid, now);
  return heir;
}

/** Lets the next key sign at once. */
async function enthrone(
  directory: KeyDirectory,
  keys: Keys['keys'],
  alg: KeyAlgorithm = 'Ed25519',
  now: number,
): Promise<KeyInfo> {
  const [next] = waitingKeys(keys, now);
  if (!next) return write(directory, alg, { created: now, activeFrom: now });
  const text = await directory.readText(next.kid);
  if (text === undefined) throw fault(`the key ${next.kid} was removed meanwhile; try again`);
  await directory.write(next.kid, withActiveFrom(text, now));
  return { kid: next.kid, alg: next.alg, created: next.created, activeFrom: now };
}

async function add(
  data: string,
  keys: Keys['keys'],
  alg: KeyAlgorithm,
  times: Pick<KeyInfo, 'created' | 'activeFrom'>,
): Promise<KeyInfo> {
  const directory = new KeyDirectory(data);
  const [next] = waitingKeys(keys, times.created);
  if (next)
    throw fault(`the key ${next.kid} is next, and signs from ${new Date(next.activeFrom).toISOString()} on`);
  if (neededKeys(keys, times.created).length >= MAX_MADE)
    throw fault(`${directory.path} holds ${MAX_MADE} keys; wait until one has ended, or revoke one`);
  return write(directory, alg, times);
}

async function write(
  directory: KeyDirectory,
  alg: KeyAlgorithm,
  times: Pick<KeyInfo, 'created' | 'activeFrom'>,
): Promise<KeyInfo> {
  const { info, text } = await makeKey(alg, times);
  await directory.write(info.kid, text);
  return info;
}

async function readUsable(data: string): Promise<Keys> {
  const directory = new KeyDirectory(data);
  await directory.make();
  const found = await directory.read();
  const [unusable] = found.faults.values();
  if (unusable) throw unusable;
  return found;
}

function stateOf(keys: Keys['keys'], key: KeyInfo, now: number): KeyState {
  if (signingKey(keys, now)?.kid === key.kid) return { is: 'signs' };
  if (key.activeFrom > now) return { is: 'next', from: key.activeFrom };
  return { is: 'published', until: endOf(keys, key) ?? now };
}

function fault(message: string): PeerfoldError {
  return new PeerfoldError('bad-config', message);
}
