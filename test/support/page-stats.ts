import type { EngineStats, Stats } from '../../src/page/engine-host.js';
import { transferReport } from './reports.js';

/** What a page says of itself before anything happened, with these facts. */
export function pageStats(facts: Partial<Stats> = {}): Stats {
  return {
    ...{ bytes: transferReport().bytes, uploaded: 0, uploadRate: 0, uploadLimit: undefined },
    ...{ links: 0, peers: [], awaitsConsent: false, playbacks: [], resources: [] },
    ...facts,
  };
}

/** What an engine with one link says of itself, with these facts. */
export function engineStats(facts: Partial<EngineStats> = {}): EngineStats {
  return {
    ...{ leading: true, tracker: true, awaitsConsent: false, links: 1, peers: [], refusals: new Map() },
    ...{ playbacks: [], uploaded: 0, uploadRate: 0, uploadLimit: undefined },
    ...facts,
  };
}
