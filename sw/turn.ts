import { deferred } from './timers.js';

/** A place in a queue. */
export class Turn {
  isGranted = false;
  readonly #granted = deferred<undefined>();

  /** Settles when its turn has come. */
  get promise(): Promise<undefined> {
    return this.#granted.promise;
  }

  grant(): void {
    this.isGranted = true;
    this.#granted.resolve(undefined);
  }
}
