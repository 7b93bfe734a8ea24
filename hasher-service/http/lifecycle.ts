/** How far the service is: ready, about to stop (it serves, but says that it is not ready), or over. */
export class Lifecycle {
  #stage: 'ready' | 'stopping' | 'over' = 'ready';

  get isReady(): boolean {
    return this.#stage === 'ready';
  }

  get isOver(): boolean {
    return this.#stage === 'over';
  }

  stop(): void {
    if (this.#stage === 'ready') this.#stage = 'stopping';
  }

  end(): void {
    this.#stage = 'over';
  }
}
