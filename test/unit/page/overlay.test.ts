// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Engine, EngineHost, Stats } from '../../../src/page/engine-host.js';
import { showOverlay, OVERLAY_TAG } from '../../../src/page/overlay.js';
import {
  describe as describeTransfer,
  formatBytes,
  mainSource,
  nameOf,
  peerShare,
  received,
} from '../../../src/page/overlay-model.js';
import type { ByteCounts, TransferReport } from '../../../src/protocol/bridge.js';
import { prepareDom, putAt } from '../../support/dom.js';
import { FakeClock } from '../../support/fake-clock.js';
import { transferReport } from '../../support/reports.js';

prepareDom();
const counts = (options: Partial<ByteCounts>): ByteCounts => transferReport(options).bytes;

describe('what the overlay says', () => {
  it.each([
    [counts({}), undefined],
    [counts({ wasted: 50 }), undefined],
    [counts({ http: 1 }), 'http'],
    [counts({ peer: 5, http: 4 }), 'peer'],
    [counts({ peer: 4, store: 5 }), 'store'],
    [counts({ cache: 9, http: 8 }), 'cache'],
  ])('%j came mainly from %s', (bytes, source) => {
    expect(mainSource(bytes)).toBe(source);
  });

  it('counts only peers as savings, and waste not at all', () => {
    const bytes = counts({ peer: 50, store: 25, cache: 15, http: 10, wasted: 1000 });
    expect(received(bytes)).toBe(100);
    expect(peerShare(bytes)).toBe(50);
    expect(peerShare(counts({}))).toBe(0);
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1499, '1 KB'],
    [213_400, '213 KB'],
    [7_300_000, '7.3 MB'],
    [12_345_678_901, '12.35 GB'],
  ])('writes %s as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('says why peers did not do more', () => {
    const report: TransferReport = { ...transferReport({ peer: 2000, http: 1000 }), fallback: 'deadline' };
    expect(describeTransfer(report)).toBe('peer 2 KB, http 1 KB, deadline');
    expect(describeTransfer(transferReport())).toBe('');
  });

  it.each([
    ['https://site.example/media/seg1.m4s?x=1', 'seg1.m4s'],
    ['https://site.example/', 'https://site.example/'],
    ['nonsense', 'nonsense'],
  ])('names %s %s', (url, name) => {
    expect(nameOf(url)).toBe(name);
  });
});

describe('the overlay', () => {
  let close = (): void => undefined;
  const clock = new FakeClock();
  const listeners = new Set<(report: TransferReport) => void>();
  const uploads = { uploaded: 0, uploadRate: 1, uploadLimit: undefined, playbacks: [] };
  let stats: Stats & { resources: TransferReport[] } = {
    ...{ bytes: counts({}), ...uploads, links: 0, resources: [] },
  };
  const links = { leading: true, tracker: true, links: 0, ...uploads };

  beforeEach(() => {
    stats = { ...stats, bytes: counts({}), resources: [] };
    links.links = 0;
  });
  afterEach(() => {
    close();
    document.body.replaceChildren();
  });

  function show(): ShadowRoot {
    const host = {
      stats: () => stats,
      onTransfer: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    } satisfies Partial<EngineHost> as unknown as EngineHost;
    const engine = { stats: () => links } satisfies Partial<Engine> as unknown as Engine;
    close = showOverlay(host, engine, clock);
    const root = document.querySelector(OVERLAY_TAG)?.shadowRoot;
    if (!root) throw new Error('no overlay');
    return root;
  }

  function transfer(report: TransferReport): void {
    stats = { ...stats, bytes: report.bytes };
    for (const listener of listeners) listener(report);
  }

  function addImage(src: string): HTMLImageElement {
    const image = document.createElement('img');
    image.src = src;
    putAt(image, 300);
    document.body.append(image);
    return image;
  }

  const text = (root: ShadowRoot, selector: string) => root.querySelector(selector)?.textContent;

  it('marks images by source, those from before it was shown included', () => {
    addImage('https://site.example/a.jpg');
    stats.resources.push(transferReport({ peer: 213_000 }));
    const root = show();
    addImage('https://site.example/b.jpg');
    transfer(transferReport({ url: 'https://site.example/b.jpg', http: 5000 }));
    const badges = [...root.querySelectorAll('.badge')];
    expect(badges.map((badge) => [badge.className, badge.textContent])).toEqual([
      ['badge peer', 'peer 213 KB'],
      ['badge http', 'http 5 KB'],
    ]);
    expect(root.querySelector('.badges')?.getAttribute('aria-hidden')).toBe('true');
  });

  it('keeps one badge per image, up to date, and drops it with the image', async () => {
    const image = addImage('https://site.example/a.jpg');
    const root = show();
    transfer(transferReport({ http: 5000 }));
    transfer(transferReport({ store: 6000 }));
    expect(root.querySelectorAll('.badge')).toHaveLength(1);
    expect(text(root, '.badge.store')).toBe('store 6 KB');
    image.remove();
    await clock.advance(1000);
    expect(root.querySelectorAll('.badge')).toHaveLength(0);
  });

  it('shows totals, links and uploads, and keeps them current', async () => {
    const root = show();
    expect(text(root, 'button')).toContain('Peerfold');
    transfer(transferReport({ peer: 750, http: 250, wasted: 10 }));
    links.links = 1;
    stats = { ...stats, uploaded: 5_000_000 };
    await clock.advance(1000);
    expect(text(root, 'button')).toContain('75 % from peers');
    expect([...root.querySelectorAll('dt')].map((term) => term.textContent)).toEqual([
      'peer',
      'store',
      'cache',
      'http',
      'wasted',
    ]);
    expect(text(root, '.foot')).toBe('1 link · 5.0 MB given to others');
    expect(root.querySelector('button')?.classList.contains('live')).toBe(true);
    links.leading = false;
    await clock.advance(1000);
    expect(text(root, '.foot')).toContain('another tab');
    links.leading = true;
  });

  it('lists segments and files with words for those who see no colours', () => {
    const root = show();
    for (let i = 0; i < 160; i++) {
      transfer(transferReport({ url: `https://site.example/seg${i}.m4s`, destination: '', peer: 9000 }));
    }
    transfer(transferReport());
    const items = [...root.querySelectorAll('li')];
    expect(items).toHaveLength(150);
    expect(items.at(-1)?.className).toBe('peer');
    expect(items.at(-1)?.textContent).toBe('seg159.m4s: peer 9 KB');
    expect(root.querySelector('ol')?.getAttribute('aria-label')).toBeTruthy();
  });

  it('opens and closes by a real button that says what it does', () => {
    const root = show();
    const button = root.querySelector('button');
    const panel = root.querySelector('#panel');
    if (!(button instanceof HTMLElement) || !(panel instanceof HTMLElement)) throw new Error('no panel');
    expect(button.getAttribute('aria-controls')).toBe('panel');
    const open = button.getAttribute('aria-expanded') === 'true';
    expect(panel.hidden).toBe(!open);
    button.click();
    expect(button.getAttribute('aria-expanded')).toBe(String(!open));
    expect(panel.hidden).toBe(open);
  });

  it('does not interpret a URL as markup', () => {
    const root = show();
    const url = 'https://site.example/media/%3Cimg%20src=x%3E<b>';
    transfer(transferReport({ url, destination: 'video', http: 9000 }));
    expect(root.querySelector('li b, li img')).toBeNull();
  });

  it('leaves nothing behind', () => {
    show();
    close();
    expect(document.querySelector(OVERLAY_TAG)).toBeNull();
    expect(listeners.size).toBe(0);
    expect(clock.pending).toBe(0);
    close();
  });
});
