import type { SiteFile } from './site-file.js';
import { SITE } from './site-services.js';

const WIDTH = 1000;
const HEIGHT = 800;
/** Pixels from the top of one image to that of the next, and their height. */
const PITCH = 700;
const IMAGE_HEIGHT = 500;
/** Browsers load lazy images that are nearer to the viewport than this (Chromium, fast networks). */
const LAZY_DISTANCE = 1250;

/** One lazy image of a long page. */
export class GalleryImage {
  readonly src: string;
  readonly loading = 'lazy';
  requested = false;
  complete = false;

  constructor(
    private readonly page: GalleryPage,
    readonly file: SiteFile,
    private readonly top: number,
  ) {
    this.src = SITE + file.path;
  }

  get currentSrc(): string {
    return this.src;
  }

  getClientRects(): { top: number; bottom: number; left: number; right: number }[] {
    const top = this.top - this.page.scrollY;
    return [{ top, bottom: top + IMAGE_HEIGHT, left: 0, right: WIDTH }];
  }
}

/** A window with a gallery in it: as much of one as the engine looks at. */
export class GalleryPage extends EventTarget {
  readonly innerWidth = WIDTH;
  readonly innerHeight = HEIGHT;
  readonly navigator = { onLine: true };
  readonly images: readonly GalleryImage[];
  readonly document: Document;
  scrollY = 0;

  constructor(files: readonly SiteFile[]) {
    super();
    this.images = files.map((file, i) => new GalleryImage(this, file, i * PITCH));
    const document = Object.assign(new EventTarget(), {
      visibilityState: 'visible',
      readyState: 'complete',
      images: this.images,
      querySelectorAll: () => [],
    });
    this.document = document as unknown as Document;
  }

  /** Whether there is nothing left to scroll to. */
  get atEnd(): boolean {
    return this.scrollY + HEIGHT >= this.images.length * PITCH;
  }

  scroll(pixels: number): void {
    this.scrollY += pixels;
    this.dispatchEvent(new Event('scroll'));
  }

  /** Images that the browser requests now, and had not before. */
  due(): GalleryImage[] {
    const due = this.images.filter(
      (image) => !image.requested && (image.getClientRects()[0]?.top ?? 0) - HEIGHT < LAZY_DISTANCE,
    );
    for (const image of due) image.requested = true;
    return due;
  }
}
