import { reasonOf } from '../core/errors.js';
import type { TransferReport, WorkerMessage } from '../protocol/bridge.js';
import type { Placed } from './place.js';
import type { Playback } from './playbacks.js';
import type { Players, PlayersModule, PlayersOptions } from './players.js';

export interface LazyPlayersOptions extends PlayersOptions {
  readonly loadPlayers: () => Promise<PlayersModule>;
}

/** Playlists kept until somebody reads them: a master's, and those of its variants. */
const MAX_EARLY = 10;

/** What pages with players need, in a file of its own: most pages have none. Until it is there, requests are placed without it. */
export class LazyPlayers {
  readonly #options: LazyPlayersOptions;
  #players: Players | undefined;
  #isAsked = false;
  #isClosed = false;
  #mayAsk = false;
  #early: Extract<WorkerMessage, { t: 'playlist' }>[] = [];

  constructor(options: LazyPlayersOptions) {
    this.#options = options;
    if ([...options.view.document.querySelectorAll('video,audio')].length > 0) this.#load();
  }

  get playbacks(): readonly Playback[] {
    return this.#players?.playbacks ?? [];
  }

  listed(playlist: Extract<WorkerMessage, { t: 'playlist' }>): void {
    if (!this.#players) this.#early = [...this.#early, playlist].slice(-MAX_EARLY);
    else this.#players.listed(playlist);
    this.#load();
  }

  place(question: Extract<WorkerMessage, { t: 'place' }>): Placed {
    const { destination, url } = question;
    if (destination === 'video' || destination === 'audio') this.#load();
    return this.#players?.place(question) ?? this.#options.placer.place(url, destination);
  }

  patienceFor(url: Parameters<Players['patienceFor']>[0]): number {
    return this.#players?.patienceFor(url) ?? 0;
  }

  learn(report: TransferReport): void {
    this.#players?.learn(report);
  }

  allow(mayAsk: boolean): void {
    this.#mayAsk = mayAsk;
    this.#players?.allow(mayAsk);
  }

  again(): void {
    this.#players?.again();
  }

  close(): void {
    this.#isClosed = true;
    this.#players?.close();
  }

  #load(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#options.loadPlayers().then(this.#start, (error: unknown) => {
      this.#options.fault({ code: 'not-supported', message: `no help for players: ${reasonOf(error)}` });
    });
  }

  readonly #start = (module: PlayersModule): void => {
    if (this.#isClosed) return;
    const players = (this.#players = module.startPlayers(this.#options));
    players.allow(this.#mayAsk);
    for (const playlist of this.#early) players.listed(playlist);
    this.#early = [];
  };
}
