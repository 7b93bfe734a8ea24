import type { ByteCounts, FallbackReason, Source, TransferReport } from '../protocol/bridge.js';
import type { EngineStats, Stats } from './engine-host.js';
import { FALLBACKS, INACTIVITIES, type Inactivity } from './overlay-reasons.js';

export const SOURCES: readonly Source[] = ['peer', 'store', 'cache', 'http'];

/** Where most of a transfer came from; `undefined` when nothing came. */
export function mainSource(bytes: ByteCounts): Source | undefined {
  let main: Source | undefined;
  for (const source of SOURCES) {
    if (bytes[source] > (main ? bytes[main] : 0)) main = source;
  }
  return main;
}

/** Bytes that the page received, wherever from. */
export function received(bytes: ByteCounts): number {
  return SOURCES.reduce((sum, source) => sum + bytes[source], 0);
}

/** Share of the received bytes that came from `source`. Whole percent. */
export function shareOf(source: Source, bytes: ByteCounts): number {
  const all = received(bytes);
  return all === 0 ? 0 : Math.round((bytes[source] / all) * 100);
}

/** Decimal units, as browsers show them. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} KB`;
  if (bytes < 1e9) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

export function formatTime(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Size by source. */
export function describe({ bytes }: TransferReport): string {
  return SOURCES.filter((source) => bytes[source] > 0)
    .map((source) => `${source} ${formatBytes(bytes[source])}`)
    .join(', ');
}

/** The last part of a URL's path, for people. */
export function nameOf(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : url;
  return path.split('/').findLast((part) => part !== '') ?? url;
}

/** What a glance at Peerfold on this page starts from. */
export interface Situation {
  /** Why the page goes without; `starting` until that is decided. */
  readonly inactive: Inactivity | 'starting' | undefined;
  readonly stats: Stats;
  /** `undefined` before it has started. */
  readonly engine: EngineStats | undefined;
}

/** How this page stands with peers, and if nothing comes from them, why; one or two sentences. */
export function summaryOf({ inactive, stats, engine }: Situation): string {
  if (inactive === 'starting') return 'Starting: the service worker has not answered yet.';
  if (inactive) return INACTIVITIES[inactive];
  if (!engine) return 'The engine has not started: it waits until the page is idle.';
  const share = shareOf('peer', stats.bytes);
  if (stats.bytes.peer > 0) return `${share} % of what this page received came from other visitors.`;
  return obstacleOf(engine) ?? commonestOf(stats);
}

function obstacleOf({ awaitsConsent, leading, tracker, links }: EngineStats): string | undefined {
  if (awaitsConsent)
    return 'Links wait for the visitor’s express yes, because this system may ask about the local network.';
  if (!leading) return 'Another tab of this site holds the links; what this tab asks for goes through it.';
  if (!tracker) return 'The tracker has not let this page in so far; see the errors, and whether it runs.';
  if (links === 0) return 'The tracker knows nobody to link to so far. Try a second browser profile.';
  return undefined;
}

/** For which reason most bytes came over HTTP. */
function commonestOf({ resources }: Stats): string {
  const weights = new Map<FallbackReason, number>();
  for (const { fallback, bytes } of resources)
    if (fallback) weights.set(fallback, (weights.get(fallback) ?? 0) + bytes.http);
  const [[reason] = []] = [...weights].sort(([, a], [, b]) => b - a);
  if (!reason) return 'Nothing was loaded since that could have come from other visitors.';
  return `Linked, but nothing came from other visitors so far. Mostly: ${FALLBACKS[reason]}`;
}
