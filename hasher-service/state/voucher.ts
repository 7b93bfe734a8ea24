import type { DigestClaims } from '../../src/protocol/hasher.js';
import type { Token } from '../signing/statements.js';

/** What a token says about its root, without the token. */
export interface Voucher extends Pick<DigestClaims, 'aud' | 'sub' | 'root' | 'exp' | 'ver' | 'epoch'> {
  /** The key that signed it: once that is revoked, the root is no longer vouched for. */
  readonly kid: string;
}

export function voucherOf({ kid, claims }: Token): Voucher {
  const { aud, sub, root, exp, ver, epoch } = claims;
  return { aud, sub, root, exp, ver, epoch, kid };
}
