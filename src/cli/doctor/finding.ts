/** What the hash service is asked, and so cannot be known without it. */
export const HASHER_CHECKS = [
  'hasher',
  'hasher-site',
  'hasher-cors',
  'policy',
  'rollout',
  'admission',
] as const;

/** Every check, in the order in which they are told. Stable: programs and docs/doctor.md know them by these names. */
export const CHECKS = [
  'page',
  'secure',
  'tag',
  'companions',
  'attributes',
  'consent',
  'csp',
  'worker-file',
  'worker-scope',
  'worker-literal',
  'builds',
  ...HASHER_CHECKS,
  'tracker',
  'resources',
  'cache-headers',
  'ice-servers',
  'transfer',
] as const;
export type CheckId = (typeof CHECKS)[number];

/** What one check found. */
export interface Finding {
  readonly id: CheckId;
  /**
   * `note`: it works, and something about it is worth a decision. `skipped`: it could not be checked, mostly because of
   * something that is wrong further up.
   */
  readonly status: 'ok' | 'note' | 'wrong' | 'skipped';
  /** One sentence about what was seen. */
  readonly says: string;
  /** What to change; of notes and of what is wrong always there. */
  readonly change?: string;
  /** More of what was seen, such as addresses. */
  readonly details?: readonly string[];
}

export function fine(id: CheckId, says: string, details: readonly string[] = []): Finding {
  return { id, status: 'ok', says, ...(details.length > 0 ? { details } : {}) };
}

export function noted(id: CheckId, says: string, change: string): Finding {
  return { id, status: 'note', says, change };
}

export function wrong(id: CheckId, says: string, change: string, details: readonly string[] = []): Finding {
  return { id, status: 'wrong', says, change, ...(details.length > 0 ? { details } : {}) };
}

export function skipped(id: CheckId, says: string): Finding {
  return { id, status: 'skipped', says };
}
