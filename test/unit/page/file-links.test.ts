// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CanonicalUrl } from '../../../src/core/brands.js';
import { FileLinks, LEAST_FILE } from '../../../src/page/file-links.js';
import { FakeClock } from '../../support/fake-clock.js';
import { CONFIG } from '../../support/fake-worker.js';

const FILE = `${CONFIG.site}/media/game.bin` as CanonicalUrl;

let clock: FakeClock;
let links: FileLinks;
let asked: string[];
let lengths: Map<string, number>;
/** Clicks that the browser would have acted on. */
let native: number;

beforeEach(() => {
  // happy-dom loads no frames, and says so each time.
  vi.spyOn(console, 'error').mockReturnValue();
  clock = new FakeClock();
  asked = [];
  native = 0;
  lengths = new Map([[FILE, LEAST_FILE]]);
  document.body.innerHTML = `<a download="game.bin" href="${FILE}"><b>Save</b></a>`;
  links = new FileLinks({
    config: { ...CONFIG, include: ['/media/*'] },
    document,
    clock,
    lengthOf: (url) => lengths.get(url),
    ask: (url, name) => asked.push(`${url} ${name}`),
  });
  window.addEventListener('click', count);
});

afterEach(() => {
  links.close();
  window.removeEventListener('click', count);
  document.querySelector('iframe')?.remove();
  vi.restoreAllMocks();
});

function count(event: Event): void {
  if (!event.defaultPrevented) native++;
  event.preventDefault();
}

const link = (): HTMLAnchorElement => {
  const found = document.querySelector('a');
  if (!found) throw new Error('no link');
  return found;
};

const frames = (): (string | null)[] =>
  [...document.querySelectorAll('iframe')].map((frame) => frame.getAttribute('src'));

describe('a click on a link that saves a file', () => {
  it('asks the worker, and leads a hidden frame there', () => {
    document.querySelector('b')?.click();
    expect(asked).toEqual([`${FILE} game.bin`]);
    expect(frames()).toEqual([]);
    links.answered(FILE, true);
    expect(frames()).toEqual([FILE]);
    expect(document.querySelector('iframe')?.hidden).toBe(true);
    expect(native).toBe(0);
  });

  it('does so again with the same frame, which loads once each time', async () => {
    for (let i = 0; i < 2; i++) {
      link().click();
      links.answered(FILE, true);
      await clock.advance(1000);
    }
    expect(asked).toHaveLength(2);
    expect(frames()).toEqual([FILE]);
  });

  it('is the browser’s when the worker will not, or says nothing', async () => {
    link().click();
    links.answered(FILE, false);
    expect(native).toBe(1);
    link().click();
    await clock.advance(500);
    expect(native).toBe(2);
    links.answered(FILE, true);
    expect(frames()).toEqual([]);
  });

  it('is the browser’s when the site forbids frames, and only then', async () => {
    const violation = (blockedURI: string): void => {
      document.dispatchEvent(Object.assign(new Event('securitypolicyviolation'), { blockedURI }));
    };
    link().click();
    links.answered(FILE, true);
    violation(`${CONFIG.site}/other.js`);
    expect(native).toBe(0);
    violation(FILE);
    expect(native).toBe(1);
    link().click();
    links.answered(FILE, true);
    await clock.advance(1000);
    violation(FILE);
    expect(native).toBe(1);
  });

  it('counts once, however often it is repeated meanwhile', () => {
    link().click();
    link().click();
    expect(asked).toHaveLength(1);
    expect(native).toBe(0);
  });

  it.each<[string, () => void]>([
    ['of a small file', () => lengths.set(FILE, LEAST_FILE - 1)],
    ['of a file that nothing is signed about', () => lengths.clear()],
    ['of a file that is not included', () => (link().href = `${CONFIG.site}/other/game.bin`)],
    ['of a file elsewhere', () => (link().href = 'https://elsewhere.example/media/game.bin')],
    ['of what is no address', () => (link().href = 'javascript:void 0')],
    ['that saves nothing', () => link().removeAttribute('download')],
  ])('%s is the browser’s', (_what, change) => {
    change();
    link().click();
    expect(asked).toEqual([]);
    expect(native).toBe(1);
  });

  it('that the site has dealt with is the site’s', () => {
    link().addEventListener('click', (event) => {
      event.preventDefault();
    });
    link().click();
    expect(asked).toEqual([]);
  });

  it('with a key held is the browser’s', () => {
    link().dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, ctrlKey: true }));
    expect(asked).toEqual([]);
    expect(native).toBe(1);
  });

  it('after the end is the browser’s, and what was asked is not clicked again', async () => {
    link().click();
    links.close();
    await clock.advance(1000);
    expect(native).toBe(0);
    link().click();
    expect(native).toBe(1);
  });
});
