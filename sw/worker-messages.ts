import { reasonOf } from '../src/core/errors.js';
import type { WorkerMessage } from '../src/protocol/bridge.js';
import type { PolicyClaims } from '../src/protocol/hasher.js';

export function faultMessage(error: unknown): WorkerMessage {
  return { t: 'fault', code: 'worker-failed', message: reasonOf(error) };
}

export function policyMessage(policy: PolicyClaims | undefined): WorkerMessage {
  return { t: 'policy', ...(policy && { enabled: policy.enabled, rollout: policy.rollout }) };
}
