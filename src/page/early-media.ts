/** The parts of a media element that tell whether it has begun to load. */
export type EarlyPlayer = Pick<
  HTMLMediaElement,
  'currentSrc' | 'networkState' | 'readyState' | 'addEventListener'
>;

/** `HTMLMediaElement.NETWORK_LOADING`. */
const LOADING = 2;

/**
 * Media elements that began to load before the worker controlled the page. A media element takes no
 * change of source in the middle, so what they still ask for stays the browser's own until they load anew.
 */
export class EarlyMedia {
  readonly #sources = new Map<EarlyPlayer, string>();

  /** `players` are the page's media elements as they are when it is called. */
  constructor(
    container: EventTarget & { readonly controller: unknown },
    players: () => Iterable<EarlyPlayer>,
  ) {
    if (container.controller) return;
    const mark = (): void => {
      for (const player of players()) this.#mark(player);
    };
    container.addEventListener('controllerchange', mark, { once: true });
  }

  /** Whether there is any now. */
  get some(): boolean {
    return this.#sources.size > 0;
  }

  has(url: string): boolean {
    return [...this.#sources.values()].includes(url);
  }

  #mark(player: EarlyPlayer): void {
    if (player.networkState !== LOADING && player.readyState === 0) return;
    this.#sources.set(player, player.currentSrc);
    player.addEventListener('emptied', () => this.#sources.delete(player), { once: true });
  }
}
