import type { ByteCounts, Source, TransferReport } from '../protocol/bridge.js';

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

/** Share of the received bytes that came from peers: the only saving. Whole percent. */
export function peerShare(bytes: ByteCounts): number {
  const all = received(bytes);
  return all === 0 ? 0 : Math.round((bytes.peer / all) * 100);
}

/** Decimal units, as browsers show them. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} KB`;
  if (bytes < 1e9) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

/** One line about a transfer: size, sources, and why peers did not do more. */
export function describe({ bytes, fallback }: TransferReport): string {
  const parts = SOURCES.filter((source) => bytes[source] > 0).map(
    (source) => `${source} ${formatBytes(bytes[source])}`,
  );
  if (fallback !== undefined) parts.push(fallback);
  return parts.join(', ');
}

/** The last part of a URL's path, for people. */
export function nameOf(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : url;
  return path.split('/').findLast((part) => part !== '') ?? url;
}
