type Listener = (...values: unknown[]) => void;

/**
 * Stands in for the package `readable-stream`, of which simple-peer extends `Duplex`. It needs its
 * events and a few members; nobody reads from it or writes to it as a stream.
 */
export class Duplex {
  readable = true;
  writable = true;
  readonly _readableState = { ended: false };
  readonly _writableState = { finished: false };
  readonly #listeners = new Map<string, Listener[]>();

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...this.#of(event), listener]);
    return this;
  }

  once(event: string, listener: Listener): this {
    const once: Listener = (...values) => {
      this.removeListener(event, once);
      listener(...values);
    };
    return this.on(event, once);
  }

  removeListener(event: string, listener: Listener): this {
    this.#listeners.set(
      event,
      this.#of(event).filter((one) => one !== listener),
    );
    return this;
  }

  emit(event: string, ...values: unknown[]): boolean {
    const listeners = this.#of(event);
    for (const listener of listeners) listener(...values);
    return listeners.length > 0;
  }

  /** A received message, or `null` at the end. */
  push(chunk: unknown): void {
    if (chunk === null) this._readableState.ended = true;
    else this.emit('data', chunk);
  }

  end(): void {
    this._writableState.finished = true;
  }

  #of(event: string): readonly Listener[] {
    return this.#listeners.get(event) ?? [];
  }
}
