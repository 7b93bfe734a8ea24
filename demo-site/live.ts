import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from './clock.js';
import { fragmentsOf, postponed, timescales } from './fragments.js';
import { mediaTypeOf } from './media-types.js';
import { memoryRepresentation, type Representation } from './representation.js';

export interface LiveOptions {
  /** Which rendition of the stream on demand is shown again and again. */
  readonly rendition?: 'v0' | 'v1';
  /** Length of a segment: 4 s, or 2 s with `v1`, whose fragments are that short. */
  readonly seconds?: 2 | 4;
  /** How many segments there have been already when the server starts, those of the playlist left out. */
  readonly past?: number;
}

/** Segments in the playlist. */
const WINDOW = 6;
/** Segments that are served: as RFC 8216 section 6.2.2 wants it, a playlist's length beyond the window, and one. */
const KEPT = 2 * WINDOW + 1;
const CACHE_CONTROL = 'public, max-age=60';

/** The film that is shown: the segments of a stream on demand, which all last equally long. */
interface Film {
  readonly init: Buffer;
  readonly ticks: ReadonlyMap<number, number>;
  readonly fragments: readonly Buffer[];
  readonly fragmentsPerFile: number;
}
const FILE_SECONDS = 4;

/**
 * A live stream below `/live/` for HLS and DASH, made of a film that begins anew when it ends. Time goes on
 * nevertheless: each segment has a number and times of its own, and so bytes that were never seen before.
 * A segment is there once it has ended, and for a while.
 */
export class Live {
  readonly #folder: string;
  readonly #seconds: number;
  readonly #clock: Clock;
  /** When segment 0 began (milliseconds since 1970): a window of segments is there from the first moment. */
  readonly #began: number;
  #film: Promise<Film> | undefined;

  constructor(
    publicFolder: string,
    clock: Clock,
    { rendition = 'v0', seconds = 4, past = 0 }: LiveOptions = {},
  ) {
    this.#folder = join(publicFolder, 'media', 'hls', rendition);
    this.#seconds = seconds;
    this.#clock = clock;
    this.#began = clock.now() - (past + WINDOW) * seconds * 1000;
  }

  /** Number of the newest segment. */
  get newest(): number {
    return Math.floor((this.#clock.now() - this.#began) / (this.#seconds * 1000)) - 1;
  }

  /** What lies at `/live/<name>` now. */
  async find(name: string): Promise<Representation | undefined> {
    if (name === 'index.m3u8') return this.#text(name, this.#playlist());
    if (name === 'manifest.mpd') return this.#text(name, this.#manifest(await this.#load()));
    if (name === 'init.mp4') return this.#media(name, (await this.#load()).init, 0);
    const number = /^(0|[1-9]\d{0,9})\.m4s$/.exec(name)?.[1];
    return number === undefined ? undefined : this.#segment(Number(number));
  }

  /** The bytes of segment `number`, whether it is there or not. */
  async content(number: number): Promise<Buffer> {
    const film = await this.#load();
    const count = (this.#seconds * film.fragmentsPerFile) / FILE_SECONDS;
    if (!Number.isInteger(count)) throw new Error(`no segments of ${this.#seconds} s in this rendition`);
    return Buffer.concat(Array.from({ length: count }, (_, i) => fragmentAt(film, number * count + i)));
  }

  async #segment(number: number): Promise<Representation | undefined> {
    if (number > this.newest || number <= this.newest - KEPT) return undefined;
    return this.#media(`${number}.m4s`, await this.content(number), number + 1);
  }

  #load(): Promise<Film> {
    this.#film ??= readFilm(this.#folder).catch((error: unknown) => {
      this.#film = undefined;
      throw error;
    });
    return this.#film;
  }

  /** `ended`: how many segments had ended when this came to be. */
  #media(name: string, content: Buffer, ended: number): Representation {
    const changed = new Date(this.#began + ended * this.#seconds * 1000);
    return { ...memoryRepresentation(mediaTypeOf(name), content, changed), cacheControl: CACHE_CONTROL };
  }

  #text(name: string, text: string): Representation {
    return memoryRepresentation(mediaTypeOf(name), Buffer.from(text), new Date(this.#clock.now()));
  }

  #playlist(): string {
    const first = Math.max(0, this.newest - WINDOW + 1);
    const began = new Date(this.#began + first * this.#seconds * 1000).toISOString();
    const numbers = Array.from({ length: this.newest - first + 1 }, (_, place) => first + place);
    return [
      '#EXTM3U',
      '#EXT-X-VERSION:7',
      `#EXT-X-TARGETDURATION:${this.#seconds}`,
      `#EXT-X-MEDIA-SEQUENCE:${first}`,
      '#EXT-X-INDEPENDENT-SEGMENTS',
      '#EXT-X-MAP:URI="init.mp4"',
      `#EXT-X-PROGRAM-DATE-TIME:${began}`,
      ...numbers.flatMap((number) => [`#EXTINF:${this.#seconds.toFixed(6)},`, `${number}.m4s`]),
      '',
    ].join('\n');
  }

  /** The clock comes with the manifest: players would ask somebody else's for the time otherwise. */
  #manifest({ init }: Film): string {
    const seconds = this.#seconds;
    const now = new Date(this.#clock.now()).toISOString();
    return `<?xml version="1.0" encoding="utf-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="dynamic"
  availabilityStartTime="${new Date(this.#began).toISOString()}" publishTime="${now}"
  minimumUpdatePeriod="PT${seconds}S" minBufferTime="PT${seconds}S" timeShiftBufferDepth="PT${WINDOW * seconds}S">
  <Period id="0" start="PT0S">
    <AdaptationSet contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1">
      <SegmentTemplate initialization="init.mp4" media="$Number$.m4s" startNumber="0" duration="${seconds}" />
      <Representation id="live" codecs="${videoCodec(init)},mp4a.40.2" bandwidth="2000000" />
    </AdaptationSet>
  </Period>
  <UTCTiming schemeIdUri="urn:mpeg:dash:utc:direct:2014" value="${now}" />
</MPD>
`;
  }
}

async function readFilm(folder: string): Promise<Film> {
  const playlist = await readFile(join(folder, 'playlist.m3u8'), 'utf8');
  const names = playlist.match(/^[^#\s].*$/gm) ?? [];
  const [init, ...files] = await Promise.all(
    ['init.mp4', ...names].map((name) => readFile(join(folder, name))),
  );
  if (init === undefined || files.length === 0) throw new Error(`no stream in ${folder}`);
  const fragments = files.flatMap(fragmentsOf);
  return { init, ticks: timescales(init), fragments, fragmentsPerFile: fragments.length / files.length };
}

/** Fragment `place` of the film that has no end. */
function fragmentAt({ fragments, fragmentsPerFile, ticks }: Film, place: number): Buffer {
  const round = Math.floor(place / fragments.length);
  const fragment = fragments[place % fragments.length] ?? Buffer.alloc(0);
  const roundSeconds = (fragments.length / fragmentsPerFile) * FILE_SECONDS;
  return postponed(fragment, { number: place + 1, seconds: round * roundSeconds, ticks });
}

/** RFC 6381: profile, constraints and level, which begin the decoder's configuration. */
function videoCodec(init: Buffer): string {
  const at = init.indexOf('avcC') + 5;
  return `avc1.${init.toString('hex', at, at + 3)}`;
}
