import { setTimeout as pause } from 'node:timers/promises';
import type { FaultRule } from '../../demo-site/server.js';
import type { BenchContext } from '../report.js';
import { RIVAL_STREAM, STREAM, STREAM_PAGES, StreamRival } from './stream-site.js';
import { Stand } from './stand.js';
import { watchTogether, type Audience, type View } from './watch.js';

/** How a stream is watched: over HTTP alone, with the rival, with Peerfold, and with Peerfold and no head start. */
export const WAYS = ['plain', 'rival', 'peerfold', 'eager'] as const;
export type Way = (typeof WAYS)[number];

export const NAMES: Readonly<Record<Way, string>> = {
  plain: 'HTTP alone',
  rival: 'p2p-media-loader',
  peerfold: 'Peerfold',
  eager: 'Peerfold, `headStart: 0`',
};

/** One audience's way through a stream. */
export interface Showing {
  readonly way: Way;
  readonly views: readonly View[];
  /** Bytes of media that the origin sent to browsers. */
  readonly egress: number;
}

export interface Programme {
  /** Files of the sites, by path. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Without them the hash service signs what it is asked for as it goes. */
  readonly signed?: boolean;
}

/** The kernel may take a moment to tell the origin that a browser has gone (ms). */
const SETTLE = 500;

/** Sites that show the same streams in all ways. */
export class Theatre {
  private constructor(
    private readonly context: BenchContext,
    /** With the head start that Peerfold has by default, and with none. */
    private readonly stands: readonly [Stand, Stand],
    private readonly rival: StreamRival | undefined,
  ) {}

  static async open(context: BenchContext, { files, signed = true }: Programme): Promise<Theatre> {
    const usual = await Stand.open({ pages: STREAM_PAGES, files });
    const eager = await Stand.open({ pages: STREAM_PAGES, files, literal: { headStart: 0 } });
    const media = Object.keys(files).filter((name) => !name.endsWith('.m3u8'));
    if (signed) await Promise.all([usual, eager].map((stand) => stand.sign(media)));
    return new Theatre(context, [usual, eager], await StreamRival.open(context.root, usual));
  }

  /** Those of the ways that can be had here. */
  only(...ways: readonly Way[]): Way[] {
    return ways.filter((way) => way !== 'rival' || this.rival);
  }

  /** Puts a rule in force at all origins. */
  rule(rule: FaultRule): void {
    for (const stand of this.stands) for (const { faults } of stand.sites) faults.set(rule);
  }

  /** Ends the rule for `path`. */
  end(path: string): void {
    for (const stand of this.stands) for (const { faults } of stand.sites) faults.clear(path);
  }

  /** Lets an audience watch, with nobody else there. */
  async show(way: Way, playlist: string, audience: Audience): Promise<Showing> {
    const stand = this.stands[way === 'eager' ? 1 : 0];
    const isPlain = way === 'plain' || way === 'rival';
    const { log } = stand.sites[isPlain ? 1 : 0];
    if (!isPlain) await stand.visitors(0);
    log.clear();
    const page = way === 'rival' ? RIVAL_STREAM : STREAM;
    const url = `${isPlain ? stand.plain : stand.peerfold}${page}?${playlist}`;
    const views = await watchTogether(this.context, url, audience);
    await pause(SETTLE);
    const toBrowsers = log
      .of('*.m4s')
      .filter((entry) => entry.headers['user-agent']?.includes('Chrome') ?? false);
    return { way, views, egress: toBrowsers.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  async close(): Promise<void> {
    await this.rival?.close();
    for (const stand of this.stands) await stand.close();
  }
}
