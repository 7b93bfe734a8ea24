import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type Hls from 'hls.js';
import type { Cut, Footage } from './footage.js';
import { startTracker } from './torrent.js';
import { freePorts } from './ports.js';
import { rivalFolder, STREAM_RIVAL } from './rivals.js';
import type { Stand } from './stand.js';

/** What the rival says of its loads: its own names for the two sources. */
type RivalSource = 'http' | 'p2p';

declare global {
  interface Window {
    /** What plays in the page, and with the rival where its bytes came from. */
    readonly stream: { readonly hls: Hls; readonly rival?: Record<RivalSource, number> };
    readonly Hls: typeof Hls;
  }
}

/** Plays the playlist that is its query string, once something calls `startLoad` and `play`. */
export const STREAM = '/stream.html';
/** The same with the rival, on the site without Peerfold. */
export const RIVAL_STREAM = '/rival.html';
const CORE = '/rival/core.js';
const INTEGRATION = '/rival/hlsjs.js';

const PEERFOLD = '<script src="/peerfold.js"></script>';
const HEAD = '<!doctype html><title>stream</title><script src="/vendor/hls.min.js"></script>';
/** Small: what is painted of ten players at once is not what is measured. */
const VIDEO = '<video muted width="160" height="90"></video>';
const ATTACH = 'hls.loadSource(location.search.slice(1)); hls.attachMedia(document.querySelector("video"));';

const PLAIN_PAGE = `${HEAD}${PEERFOLD}${VIDEO}<script>
  const hls = new Hls({ autoStartLoad: false });
  window.stream = { hls };
  ${ATTACH}
</script>`;

/** As its documentation has it, with a tracker of ours and no STUN, which loopback does not need. */
function rivalPage(announce: string): string {
  const imports = JSON.stringify({
    imports: { 'p2p-media-loader-core': CORE, 'p2p-media-loader-hlsjs': INTEGRATION },
  });
  const core = JSON.stringify({ announceTrackers: [announce], rtcConfig: { iceServers: [] } });
  return `${HEAD}${VIDEO}<script type="importmap">${imports}</script><script type="module">
  import { HlsJsP2PEngine } from 'p2p-media-loader-hlsjs';
  const hls = new (HlsJsP2PEngine.injectMixin(Hls))({ autoStartLoad: false, enableWorker: false, p2p: { core: ${core} } });
  const rival = { http: 0, p2p: 0 };
  hls.p2pEngine.addEventListener('onChunkDownloaded', (bytes, source) => { rival[source] += bytes; });
  window.stream = { hls, rival };
  ${ATTACH}
</script>`;
}

/** Pages of a stand on which streams are played. */
export const STREAM_PAGES = { [STREAM]: PLAIN_PAGE } as const;

/** The player's peer-to-peer plug-in of the field, and the tracker of its family. */
export class StreamRival {
  private constructor(readonly close: () => Promise<void>) {}

  /** Puts it on the plain site of `stand`. Resolves to nothing when it is not to be had. */
  static async open(root: string, stand: Stand): Promise<StreamRival | undefined> {
    const folder = await rivalFolder(root, STREAM_RIVAL);
    if (folder === undefined) return undefined;
    const { faults } = stand.sites[1];
    const core = path.join(folder, '../p2p-media-loader-core/dist/p2p-media-loader-core.es.min.js');
    faults.set({ path: CORE, content: await readFile(core) });
    faults.set({ path: INTEGRATION, content: await readFile(path.join(folder, STREAM_RIVAL.file)) });
    const [port = 0] = await freePorts(1);
    faults.set({ path: RIVAL_STREAM, content: rivalPage(`ws://localhost:${port}`) });
    return new StreamRival(await startTracker(path.join(folder, '../bittorrent-tracker/server.js'), port));
  }
}

/** One rendition of a stream on demand. */
export interface Rendition extends Cut {
  /** Its name in the addresses. */
  readonly name: string;
}

export interface StreamOptions {
  /** Folder of the site that it lies in. */
  readonly folder: string;
  /** Seconds of a segment. */
  readonly length: number;
  readonly renditions: readonly Rendition[];
}

/** A stream on demand as files of a site, by path. */
export async function streamFiles(
  footage: Footage,
  { folder, length, renditions }: StreamOptions,
): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const rendition of renditions) {
    const { init, media } = await footage.segments(rendition, length);
    const own = `${folder}/${rendition.name}`;
    files[`${own}/init.mp4`] = init;
    media.forEach((segment, i) => (files[`${own}/${segmentName(i)}`] = segment));
    files[`${own}/index.m3u8`] = Buffer.from(mediaPlaylist(media.length, length));
  }
  files[`${folder}/index.m3u8`] = Buffer.from(masterPlaylist(renditions));
  return files;
}

function segmentName(index: number): string {
  return `seg-${String(index).padStart(3, '0')}.m4s`;
}

function masterPlaylist(renditions: readonly Rendition[]): string {
  const variants = renditions.flatMap(({ name, bitrate }) => [
    `#EXT-X-STREAM-INF:BANDWIDTH=${bitrate},CODECS="avc1.64001f,mp4a.40.2"`,
    `${name}/index.m3u8`,
  ]);
  return lines('#EXT-X-VERSION:7', ...variants);
}

function mediaPlaylist(count: number, length: number): string {
  const names = Array.from({ length: count }, (_, i) => segmentName(i));
  return lines(...headOf(length), '#EXT-X-PLAYLIST-TYPE:VOD', ...listed(names, length), '#EXT-X-ENDLIST');
}

/** A media playlist of a live stream: `count` segments from number `first` on. */
export function livePlaylist(first: number, count: number, length: number): string {
  const names = Array.from({ length: count }, (_, i) => segmentName(first + i));
  return lines(...headOf(length), `#EXT-X-MEDIA-SEQUENCE:${first}`, ...listed(names, length));
}

function headOf(length: number): string[] {
  return ['#EXT-X-VERSION:7', `#EXT-X-TARGETDURATION:${length}`, '#EXT-X-INDEPENDENT-SEGMENTS'];
}

function listed(names: readonly string[], length: number): string[] {
  return ['#EXT-X-MAP:URI="init.mp4"', ...names.flatMap((name) => [`#EXTINF:${length},`, name])];
}

function lines(...all: readonly string[]): string {
  return ['#EXTM3U', ...all, ''].join('\n');
}
