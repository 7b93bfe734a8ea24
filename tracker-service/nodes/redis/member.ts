import { isPeerId, type PeerId } from '../../../src/core/brands.js';
import type { Place } from '../../choosing/place.js';

/**
 * A holder as a member of a sorted set: pid and place in some 50 characters. Up to 64 the set stays one
 * compact list in Redis.
 */
export interface Member {
  readonly pid: PeerId;
  readonly place: Place;
}

const RADIX = 36;
/** The longest pid, four numbers of seven digits, four dots. */
export const MAX_MEMBER = 64 + 4 * 8;
const MAX_NUMBER = 2 ** 32 - 1;

export function writeMember(pid: PeerId, { address, network, system, country }: Place): string {
  const numbers = [address, network, system, country].map((number) => number.toString(RADIX));
  return `${pid}.${numbers.join('.')}`;
}

/**
 * `undefined` for what no node writes. By hand, since a look-up reads a thousand of them: by `split` and
 * expressions that takes longer than all the rest of it.
 */
export function readMember(text: string): Member | undefined {
  const end = text.length > MAX_MEMBER ? -1 : text.indexOf('.');
  const pid = text.slice(0, Math.max(0, end));
  if (!isPeerId(pid)) return undefined;
  const numbers = [0, 0, 0, 0];
  let which = 0;
  let digits = 0;
  for (let at = end + 1; at <= text.length; at++) {
    const digit = at === text.length ? SEPARATOR : digitOf(text.charCodeAt(at));
    if (digit === SEPARATOR) {
      if (digits === 0 || which === numbers.length) return undefined;
      which++;
      digits = 0;
    } else {
      const number = (numbers[which] ?? Number.NaN) * RADIX + digit;
      if (!(digit >= 0 && number <= MAX_NUMBER)) return undefined;
      numbers[which] = number;
      digits++;
    }
  }
  const [address = 0, network = 0, system = 0, country = 0] = numbers;
  return which === numbers.length ? { pid, place: { address, network, system, country } } : undefined;
}

const SEPARATOR = RADIX;

/** The value of a digit, `SEPARATOR` for a dot, -1 for anything else. */
function digitOf(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 97 && code <= 122) return code - 87;
  return code === 46 ? SEPARATOR : -1;
}
