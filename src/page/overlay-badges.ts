import type { TransferReport } from '../protocol/bridge.js';
import { isSource } from './fold.js';
import { formatBytes, mainSource, received } from './overlay-model.js';

/** Space between an image's corner and its badge, in CSS pixels. */
const INSET = 8;

/**
 * A small mark on each image, in the document's own coordinates so that it scrolls with the page. It
 * takes no clicks and is hidden from assistive technology, which has the panel's list.
 */
export class Badges {
  readonly #layer: HTMLElement;
  readonly #marks = new Map<HTMLImageElement, HTMLElement>();
  readonly #resized: ResizeObserver;

  constructor(
    parent: ShadowRoot,
    private readonly document: Document,
  ) {
    this.#layer = document.createElement('div');
    this.#layer.className = 'badges';
    this.#layer.setAttribute('aria-hidden', 'true');
    parent.append(this.#layer);
    this.#resized = new ResizeObserver(() => {
      this.arrange();
    });
    this.#resized.observe(document.documentElement);
  }

  /** Marks the images that show what was transferred. */
  mark(report: TransferReport): void {
    const source = mainSource(report.bytes);
    if (!source) return;
    for (const image of this.document.images) {
      if (!isSource(image.currentSrc || image.src, report.url)) continue;
      const badge = this.#marks.get(image) ?? this.document.createElement('span');
      badge.className = `badge ${source}`;
      badge.textContent = `${source} ${formatBytes(received(report.bytes))}`;
      if (this.#marks.has(image)) continue;
      this.#marks.set(image, badge);
      this.#resized.observe(image);
      this.#layer.append(badge);
    }
    this.arrange();
  }

  /** Puts every badge where its image is; images that left the page lose theirs. */
  arrange(): void {
    const base = this.#layer.getBoundingClientRect();
    for (const [image, badge] of this.#marks) {
      const box = image.getBoundingClientRect();
      badge.hidden = box.width === 0 || box.height === 0;
      badge.style.left = `${Math.round(box.left - base.left + INSET)}px`;
      badge.style.top = `${Math.round(box.top - base.top + INSET)}px`;
      if (image.isConnected) continue;
      badge.remove();
      this.#resized.unobserve(image);
      this.#marks.delete(image);
    }
  }

  close(): void {
    this.#resized.disconnect();
    this.#layer.remove();
    this.#marks.clear();
  }
}
