import type { FastifyBaseLogger } from 'fastify';
import type { HasherConfig } from '../config.js';
import type { Environment } from '../environment.js';
import type { QueryRules } from '../judging/queries.js';
import type { Lanes } from '../catalogue/lanes.js';
import { Authority } from '../policy/authority.js';
import { EffectivePolicy } from '../policy/effective-policy.js';
import { Drafter } from '../signing/drafter.js';
import { Keyring } from '../signing/keys.js';
import { Signer } from '../signing/statements.js';
import { Versions } from '../signing/versions.js';
import type { State } from '../state/port.js';
import { notePlace } from '../state/documents-of.js';
import { openStores } from '../state/stores.js';
import type { FiguresStore } from '../beacons/figures-store.js';

/** What may be said, by whom, and what was said before. */
export interface Voice {
  readonly keyring: Keyring;
  readonly signer: Signer;
  readonly state: State;
  readonly versions: Versions;
  readonly policy: EffectivePolicy;
  readonly authority: Authority;
  readonly drafter: Drafter;
  readonly figuresStore: FiguresStore;
}

/** Reads keys, state and policy. */
export async function openVoice(
  config: HasherConfig,
  { clock, sha256 }: Environment,
  {
    queries,
    lanes,
    log,
  }: { readonly queries: QueryRules; readonly lanes: Lanes; readonly log: FastifyBaseLogger },
): Promise<Voice> {
  const keyring = await Keyring.open({ data: config.data, clock, log });
  const signer = new Signer(keyring, config.publicUrl ?? `http://${config.host}:${config.port}`);
  const { state, documents, figuresStore } = await openStores(config, { clock, signer, log, sha256 });
  const versions = new Versions(clock);
  const opened = async (): Promise<EffectivePolicy> => {
    await notePlace(config);
    return EffectivePolicy.open({
      documents,
      clock,
      log,
      versions,
      reserve: (ver) => state.reserve(ver),
      cover: (of) => queries.coverOf(of),
    });
  };
  const policy = await opened().catch(async (error: unknown) => {
    await state.close();
    throw error;
  });
  const authority = new Authority(clock, keyring, policy);
  const drafter = new Drafter({ clock, policy, signer, versions, isLive: (url) => lanes.isLive(url) });
  return { keyring, signer, state, versions, policy, authority, drafter, figuresStore };
}
