import type { Backing, Loaded } from './backing.js';

/** Small texts; a page script that floods the disk with more is not read. */
const MAX_NOTES = 32;

/** Small texts under names, and which of them the disk has not been told yet. */
export class Notes {
  readonly #texts = new Map<string, string>();
  readonly #stale = new Set<string>();

  get(name: string): string | undefined {
    return this.#texts.get(name);
  }

  /** False when that was so already. */
  set(name: string, text: string): boolean {
    if (this.#texts.get(name) === text) return false;
    this.#texts.set(name, text);
    this.#stale.add(name);
    return true;
  }

  /** Takes what the disk had; what was said since counts more. */
  restore(notes: Loaded['notes']): void {
    for (const [name, text] of [...notes].slice(0, MAX_NOTES)) {
      if (typeof text === 'string' && !this.#texts.has(name)) this.#texts.set(name, text);
    }
  }

  async write(backing: Backing): Promise<void> {
    for (const name of this.#stale) {
      this.#stale.delete(name);
      await backing.putNote(name, this.#texts.get(name) ?? '');
    }
  }

  clear(): void {
    this.#texts.clear();
    this.#stale.clear();
  }
}
