// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CanonicalUrl } from '../../../src/core/brands.js';
import { LET_GO, LOOK_INTERVAL, LOOKS, StuckImages } from '../../../src/page/stuck-images.js';
import { prepareDom, putAt } from '../../support/dom.js';
import { FakeClock } from '../../support/fake-clock.js';
import { CONFIG } from '../../support/fake-worker.js';

prepareDom();
/** The look at which a waiting image counts as stuck: there is one at the start, and one each interval. */
const UNTIL_STUCK = LOOKS * LOOK_INTERVAL;
const urlOf = (name: string) => `${CONFIG.site}/media/${name}.jpg` as CanonicalUrl;
const srcOf = (image: HTMLImageElement) => image.getAttribute('src');

let clock: FakeClock;
let links: number;
let signed: Set<string>;
let images: StuckImages | undefined;
/** Every change of an image's attributes, in order: `name=value`, or the name of one that was removed. */
let changes: string[];

beforeEach(() => {
  clock = new FakeClock();
  links = 1;
  signed = new Set();
  changes = [];
});

afterEach(() => {
  images?.close();
  images = undefined;
  document.body.replaceChildren();
});

interface Waiting {
  readonly attributes?: Readonly<Record<string, string>>;
  /** Whether the browser is done with it, and how much of it there is (pixels). */
  readonly complete?: boolean;
  readonly naturalWidth?: number;
  /** What the browser chose; by default the address. */
  readonly currentSrc?: string;
  /** Its place in the viewport (pixels). */
  readonly top?: number;
  readonly parent?: HTMLElement;
}

/** An image that the browser has asked for and of which nothing came, of something signed. */
function waiting(name: string, { attributes = {}, parent = document.body, top = 0, ...state }: Waiting = {}) {
  const image = document.createElement('img');
  const all = { src: urlOf(name), ...attributes };
  for (const [attribute, value] of Object.entries(all)) image.setAttribute(attribute, value);
  Object.defineProperty(image, 'complete', { value: state.complete ?? false });
  Object.defineProperty(image, 'naturalWidth', { value: state.naturalWidth ?? 0 });
  Object.defineProperty(image, 'currentSrc', { value: state.currentSrc ?? urlOf(name) });
  putAt(image, top);
  parent.append(image);
  signed.add(urlOf(name));
  recordChanges(image);
  return image;
}

function recordChanges(image: HTMLImageElement): void {
  const set = image.setAttribute.bind(image);
  const remove = image.removeAttribute.bind(image);
  image.setAttribute = (name, value) => {
    changes.push(`${name}=${value}`);
    set(name, value);
  };
  image.removeAttribute = (name) => {
    if (image.hasAttribute(name)) changes.push(name);
    remove(name);
  };
}

function attributesOf(image: HTMLImageElement): Record<string, string> {
  return Object.fromEntries([...image.attributes].map(({ name, value }) => [name, value]));
}

function look(): StuckImages {
  return (images = new StuckImages({
    document,
    clock,
    lengthOf: (url) => (signed.has(url) ? 100_000 : undefined),
    links: () => links,
  }));
}

describe('an image that the origin has not begun to send', () => {
  it('is asked for anew once it has waited for some looks, and never again', async () => {
    const image = waiting('a');
    look();
    await clock.advance(UNTIL_STUCK - 1);
    expect(changes).toEqual([]);
    await clock.advance(1);
    expect(changes).toEqual(['src']);
    expect(image.hasAttribute('src')).toBe(false);
    await clock.advance(LET_GO);
    expect(changes).toEqual(['src', `src=${urlOf('a')}`]);
    await clock.advance(20 * UNTIL_STUCK);
    expect(changes).toHaveLength(2);
  });

  it('has afterwards the attributes that it had', async () => {
    const srcset = `${urlOf('b')} 1x, ${urlOf('b-large')} 2x`;
    const given = [
      { alt: 'A', width: '1200' },
      { alt: 'B', srcset, sizes: '50vw', loading: 'lazy' },
      { alt: 'C', loading: 'eager' },
    ];
    const all = given.map((attributes, i) => waiting(`attributes${i}`, { attributes }));
    const before = all.map(attributesOf);
    look();
    await clock.advance(UNTIL_STUCK);
    expect(all.filter((image) => image.hasAttribute('src') || image.hasAttribute('srcset'))).toEqual([]);
    await clock.advance(LET_GO + 1);
    expect(all.map(attributesOf)).toEqual(before);
  });

  it('begins at once though it is lazy: the visitor may have scrolled past', async () => {
    waiting('a', { attributes: { loading: 'lazy' } });
    look();
    await clock.advance(UNTIL_STUCK + LET_GO + 1);
    expect(changes).toEqual(['src', 'loading=eager', `src=${urlOf('a')}`, 'loading=lazy']);
  });

  it('is left as the page made it in the meantime', async () => {
    const image = waiting('a', { attributes: { loading: 'lazy' } });
    look();
    await clock.advance(UNTIL_STUCK);
    image.setAttribute('srcset', urlOf('other'));
    await clock.advance(LET_GO + 1);
    expect(attributesOf(image)).toEqual({ loading: 'lazy', srcset: urlOf('other') });
  });

  it('comes in turns of eight when there are many', async () => {
    const all = Array.from({ length: 20 }, (_, i) => waiting(`${i}`));
    const asked = () => all.filter((image) => !image.hasAttribute('src')).length;
    look();
    const turns: number[] = [];
    await clock.advance(UNTIL_STUCK - LOOK_INTERVAL);
    for (let turn = 0; turn < 5; turn++) {
      await clock.advance(LOOK_INTERVAL);
      turns.push(asked());
    }
    expect(turns).toEqual([8, 8, 4, 0, 0]);
    expect(changes).toHaveLength(40);
  });

  it('waits for a link, and then no longer', async () => {
    links = 0;
    waiting('a');
    look();
    await clock.advance(10 * UNTIL_STUCK);
    expect(changes).toEqual([]);
    links = 1;
    await clock.advance(LOOK_INTERVAL);
    expect(changes).toEqual(['src']);
  });

  it('waits for a statement about it, and then no longer', async () => {
    waiting('a');
    signed.clear();
    look();
    await clock.advance(10 * UNTIL_STUCK);
    expect(changes).toEqual([]);
    signed.add(urlOf('a'));
    await clock.advance(LOOK_INTERVAL);
    expect(changes).toEqual(['src']);
  });
});

describe('left alone is an image', () => {
  /** Beside one that is stuck, which shows that there was a look. */
  async function leftAlone(prepare: () => unknown): Promise<void> {
    prepare();
    changes = [];
    waiting('stuck');
    look().led(urlOf('led'));
    await clock.advance(10 * UNTIL_STUCK);
    expect(changes).toEqual(['src', `src=${urlOf('stuck')}`]);
  }

  it('that the worker was asked for', () => leftAlone(() => waiting('led')));

  it('of which the worker was asked for the size that the browser chose', () =>
    leftAlone(() => waiting('a', { currentSrc: urlOf('led') })));

  it('that a <picture> chose', () =>
    leftAlone(() => {
      const parent = document.createElement('picture');
      document.body.append(parent);
      waiting('a', { parent });
    }));

  it('that has begun to come', () => leftAlone(() => waiting('a', { naturalWidth: 1200 })));

  it('that the browser is done with, also by giving up', () =>
    leftAlone(() => waiting('a', { complete: true })));

  it('that is lazy and so far below that the browser has not asked for it', () =>
    leftAlone(() => waiting('a', { attributes: { loading: 'lazy' }, top: innerHeight + 1250 })));

  it('with choices only, and no address', () =>
    leftAlone(() => {
      waiting('a', { attributes: { srcset: `${urlOf('a')} 2x` } }).removeAttribute('src');
    }));

  it('whose address is none of a file', () =>
    leftAlone(() => waiting('a', { currentSrc: 'data:image/png;base64,AA==' })));
});

describe('images far below', () => {
  it('are ours as soon as the browser asks for them: lazy ones when near, the others at once', async () => {
    const eager = waiting('eager', { top: 50_000 });
    const lazy = waiting('lazy', { top: innerHeight + 1250, attributes: { loading: 'lazy' } });
    look();
    await clock.advance(UNTIL_STUCK);
    expect([eager, lazy].map(srcOf)).toEqual([null, urlOf('lazy')]);
    putAt(lazy, innerHeight + 1249);
    await clock.advance(UNTIL_STUCK);
    expect(srcOf(lazy)).toBe(urlOf('lazy'));
    await clock.advance(LOOK_INTERVAL);
    expect(srcOf(lazy)).toBeNull();
  });
});

describe('the end', () => {
  it('stops the looks and leaves no timer', async () => {
    waiting('a');
    const looks = look();
    await clock.advance(UNTIL_STUCK - 1);
    looks.close();
    expect(clock.pending).toBe(0);
    await clock.advance(10 * UNTIL_STUCK);
    expect(changes).toEqual([]);
  });

  it('gives back the address of an image that was let go', async () => {
    const image = waiting('a');
    const looks = look();
    await clock.advance(UNTIL_STUCK);
    looks.close();
    expect(srcOf(image)).toBeNull();
    await clock.advance(LET_GO + 1);
    expect(attributesOf(image)).toEqual({ src: urlOf('a') });
    expect(clock.pending).toBe(0);
  });
});
