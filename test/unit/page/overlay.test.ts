// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EngineStats, Fault, Stats } from '../../../src/page/engine-host.js';
import { showOverlay, OVERLAY_TAG, type OverlayHost } from '../../../src/page/overlay.js';
import { FALLBACKS, INACTIVITIES } from '../../../src/page/overlay-reasons.js';
import type { Status } from '../../../src/page/readiness.js';
import type { Refusal } from '../../../src/page/policy.js';
import type { TransferReport } from '../../../src/protocol/bridge.js';
import { prepareDom, putAt } from '../../support/dom.js';
import { FakeClock } from '../../support/fake-clock.js';
import { fakeMemory } from '../../support/fake-visitor.js';
import { engineStats, pageStats } from '../../support/page-stats.js';
import { transferReport } from '../../support/reports.js';

prepareDom();

let close = (): void => undefined;
let clock: FakeClock;
let stats: Stats;
let engine: EngineStats | undefined;
let measured: string[];
const transfers = new Set<(report: TransferReport) => void>();
const faults = new Set<(fault: Fault) => void>();

beforeEach(() => {
  clock = new FakeClock();
  stats = pageStats();
  engine = engineStats();
  measured = [];
});
afterEach(() => {
  close();
  document.body.replaceChildren();
});

function listens<T>(listeners: Set<T>): (listener: T) => () => void {
  return (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
}

function show(more: Partial<OverlayHost> = {}): ShadowRoot {
  const host: OverlayHost = {
    options: { consent: 'implied', uploadSession: 2_000_000 },
    memory: fakeMemory({ visit: 'visit1@0' }),
    stats: () => stats,
    engine: () => {
      const now = engine;
      return now && { stats: () => now };
    },
    onTransfer: listens(transfers),
    onFault: listens(faults),
    ...more,
  };
  close = showOverlay(host, clock, {
    timeOrigin: 0,
    measure: ((name: string) => measured.push(name)) as unknown as Performance['measure'],
    clearMeasures: () => (measured = []),
  });
  const root = document.querySelector(OVERLAY_TAG)?.shadowRoot;
  if (!root) throw new Error('no overlay');
  return root;
}

function transfer(report: TransferReport): void {
  stats = { ...stats, bytes: report.bytes };
  for (const listener of transfers) listener(report);
}

function addImage(src: string): HTMLImageElement {
  const image = document.createElement('img');
  image.src = src;
  putAt(image, 300);
  document.body.append(image);
  return image;
}

const text = (root: ShadowRoot, selector: string) => root.querySelector(selector)?.textContent;
const texts = (root: ParentNode, selector: string) =>
  [...root.querySelectorAll(selector)].map((element) => element.textContent);

function parts(root: ShadowRoot): { button: HTMLElement; panel: HTMLElement } {
  const [button, panel] = [root.querySelector('button'), root.querySelector('#panel')];
  if (!(button instanceof HTMLElement) || !(panel instanceof HTMLElement)) throw new Error('no panel');
  return { button, panel };
}

describe('badges', () => {
  it('mark images by source, those from before it was shown included', () => {
    addImage('https://site.example/a.jpg');
    stats = pageStats({ resources: [transferReport({ peer: 213_000 })] });
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

  it('are one per image, up to date, and go with it', async () => {
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
});

describe('the panel', () => {
  it('shows totals and links, and keeps them current', async () => {
    const root = show();
    expect(text(root, 'button')).toContain('Peerfold');
    transfer(transferReport({ peer: 750, http: 250, wasted: 10 }));
    stats = { ...stats, links: 1, uploaded: 5_000_000 };
    await clock.advance(1000);
    expect(text(root, 'button')).toContain('75 % from peers');
    expect(texts(root, 'dt')).toEqual(['peer', 'store', 'cache', 'http', 'wasted']);
    expect(texts(root, 'summary')).toContain('Links: 1');
    expect(texts(root, 'summary')).toContain('Given to others: 5.0 MB');
    expect(root.querySelector('button')?.classList.contains('live')).toBe(true);
    expect(text(root, '#panel > .foot')).toBe('This tab holds the links · tracker connected');
    engine = engineStats({ leading: false });
    await clock.advance(1000);
    expect(text(root, '#panel > .foot')).toBe('Another tab holds the links');
  });

  it('opens and closes by a real button that says what it does', () => {
    const { button, panel } = parts(show());
    expect(button.getAttribute('aria-controls')).toBe('panel');
    const open = button.getAttribute('aria-expanded') === 'true';
    expect(panel.hidden).toBe(!open);
    button.click();
    expect(button.getAttribute('aria-expanded')).toBe(String(!open));
    expect(panel.hidden).toBe(open);
  });

  it('closes by Escape, once, and nobody else takes that for theirs', () => {
    const root = show();
    const { button, panel } = parts(root);
    let heard = 0;
    const onKey = () => heard++;
    document.addEventListener('keydown', onKey);
    const press = (key: string) =>
      panel.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, composed: true }));
    press('a');
    expect([panel.hidden, heard]).toEqual([false, 1]);
    press('Escape');
    expect([panel.hidden, heard]).toEqual([true, 1]);
    expect(root.activeElement).toBe(button);
    press('Escape');
    expect(heard).toBe(2);
    document.removeEventListener('keydown', onKey);
  });

  it('does not touch what has not changed', async () => {
    const root = show();
    const node = root.querySelector('#panel p')?.firstChild;
    await clock.advance(3000);
    expect(root.querySelector('#panel p')?.firstChild).toBe(node);
  });

  it('leaves nothing behind', () => {
    show();
    transfer(transferReport({ http: 1 }));
    expect(measured).toEqual(['peerfold: a.jpg']);
    close();
    expect(document.querySelector(OVERLAY_TAG)).toBeNull();
    expect([transfers.size, faults.size, clock.pending, measured.length]).toEqual([0, 0, 0, 0]);
    close();
  });
});

describe('why there is nothing from peers', () => {
  const settled = async (): Promise<void> => {
    await clock.advance(1000);
  };

  it('is told while the page is undecided, and when it goes without', async () => {
    let status: Promise<Status> = new Promise(() => undefined);
    engine = undefined;
    const root = show({ ready: () => status });
    expect(text(root, '#panel p')).toContain('Starting');
    status = Promise.resolve({ active: false, reason: 'consent' });
    await settled();
    await settled();
    expect(text(root, '#panel p')).toBe(INACTIVITIES.consent);
    status = Promise.resolve({ active: true });
    await settled();
    await settled();
    expect(text(root, '#panel p')).toContain('engine has not started');
    engine = engineStats({ links: 0 });
    await settled();
    expect(text(root, '#panel p')).toContain('nobody to link to');
  });

  it('is told when the site has switched it off meanwhile', async () => {
    const refusals: Refusal[] = [];
    const root = show({ ready: () => Promise.resolve({ active: true }), refusal: () => refusals[0] });
    await settled();
    expect(text(root, '#panel p')).toContain('Nothing was loaded');
    refusals.push('disabled');
    await settled();
    expect(text(root, '#panel p')).toBe(INACTIVITIES.disabled);
  });

  it('lists errors, each once, the latest first, and not more than ten', () => {
    const root = show();
    const errors = () => root.querySelector('ul')?.closest('details');
    expect(errors()?.hidden).toBe(true);
    const fail = (message: string): void => {
      for (const listener of faults) listener({ code: 'link-failed', message });
    };
    fail('one');
    fail('two');
    fail('one');
    expect(errors()?.hidden).toBe(false);
    expect(texts(root, 'li')).toEqual(['link-failed: one (2 times)', 'link-failed: two']);
    for (let i = 0; i < 30; i++) fail(String(i));
    expect(texts(root, 'li')).toHaveLength(10);
  });
});

describe('the table of transfers', () => {
  const rows = (root: ShadowRoot): (string | null)[][] =>
    [...root.querySelectorAll('table tbody')]
      .filter((group) => group.closest('table')?.caption)
      .map((group) => texts(group, 'th, td'));

  it('says what, how much, from where, how long, and why not from peers', () => {
    engine = engineStats({ refusals: new Map([['https://site.example/c.jpg', 'It sets a cookie.']]) });
    const root = show();
    transfer(transferReport({ peer: 9000 }));
    transfer(
      transferReport({
        ...{ url: 'https://site.example/b.mp4', start: 5_000_000, duration: 1500, fallback: 'deadline' },
        ...{ peer: 7500, http: 2500 },
      }),
    );
    transfer(transferReport({ url: 'https://site.example/c.jpg', http: 5, fallback: 'refused' }));
    transfer(transferReport({ url: 'https://site.example/d.jpg', http: 5, fallback: 'refused' }));
    expect(rows(root)).toEqual([
      ['d.jpg', '5 B', 'http', '100 ms', `Why not peers? ${FALLBACKS.refused}`],
      ['c.jpg', '5 B', 'http', '100 ms', 'Why not peers? The hash service refuses it: It sets a cookie.'],
      [
        ...['b.mp4 from 5.0 MB', '10 KB', 'peer 75 %http 25 %', '1.5 s'],
        `Why not peers? ${FALLBACKS.deadline}`,
      ],
      ['a.jpg', '9 KB', 'peer', '100 ms'],
    ]);
  });

  it('says why of transfers from before it was shown, too', () => {
    const refused = transferReport({ http: 5, fallback: 'refused' });
    engine = engineStats({ refusals: new Map([[refused.url, 'It sets a cookie.']]) });
    stats = pageStats({ resources: [refused] });
    expect(rows(show())[0]?.at(-1)).toContain('It sets a cookie.');
  });

  it('is bounded, and keeps the latest', () => {
    const root = show();
    for (let i = 0; i < 130; i++) transfer(transferReport({ url: `https://site.example/${i}.jpg`, peer: 1 }));
    expect(rows(root)).toHaveLength(100);
    expect(rows(root)[0]?.[0]).toBe('129.jpg');
  });

  it('does not interpret a URL as markup', () => {
    const root = show();
    transfer(transferReport({ url: 'https://site.example/%3Cimg%20src=x%3E<b>', http: 9000 }));
    expect(root.querySelector('td b, th b, th img')).toBeNull();
  });
});

describe('the map of links', () => {
  const labels = (root: ShadowRoot) =>
    texts(root, 'svg text')
      .slice(1)
      .filter((label) => label !== '');
  const tableRows = (root: ShadowRoot) =>
    [...root.querySelectorAll('details details tbody tr')].map((row) => texts(row, 'th, td'));

  it('shows every peer by our own number, its rates both ways, and says the same in a table', async () => {
    const root = show();
    const map = root.querySelector('svg');
    expect(map?.parentElement?.hidden).toBe(true);
    stats = pageStats({
      links: 3,
      peers: [
        { peer: 0, down: 1_200_000, up: 0, rtt: 24, holds: 1 },
        { peer: 7, down: 0, up: 40_000, rtt: 20, holds: 12 },
        { peer: 8, down: 999, up: 0, holds: 0 },
      ],
    });
    await clock.advance(1000);
    expect(map?.parentElement?.hidden).toBe(false);
    expect(map?.getAttribute('aria-label')).toContain('linked peers: 3');
    expect(labels(root)).toEqual(['0', '↓ 1.2 MB/s', '24 ms', '7', '↑ 40 KB/s', '≤ 20 ms', '8', 'idle']);
    expect([...root.querySelectorAll('path')].map((path) => path.getAttribute('class'))).toEqual([
      ...['down flow3', ''],
      ...['', 'up flow1'],
      ...['', ''],
    ]);
    for (const node of [...root.querySelectorAll('svg > g')].slice(-3)) {
      const [circle, , ...lines] = [...node.children].map((part) =>
        Number(part.getAttribute('cy') ?? part.getAttribute('y')),
      );
      const away = lines.map((y) => Math.abs(y - (circle ?? 0)));
      expect(away, 'what is said first is next to the node').toEqual(away.toSorted((a, b) => a - b));
    }
    expect(tableRows(root)).toEqual([
      ['0', '1.2 MB/s', '0 B/s', '24 ms', '1 file'],
      ['7', '0 B/s', '40 KB/s', '≤ 20 ms', '12 files'],
      ['8', '999 B/s', '0 B/s', 'unknown', '0 files'],
    ]);
  });

  it('is drawn anew only when somebody comes or goes', async () => {
    const root = show();
    const peer = { peer: 3, down: 5000, up: 0, holds: 0 };
    stats = pageStats({ links: 1, peers: [peer] });
    await clock.advance(1000);
    const line = root.querySelector('path');
    stats = pageStats({ links: 1, peers: [{ ...peer, down: 0 }] });
    await clock.advance(1000);
    expect(root.querySelector('path')).toBe(line);
    expect(labels(root)).toEqual(['3', 'idle']);
    stats = pageStats({ links: 1, peers: [{ ...peer, peer: 4 }] });
    await clock.advance(1000);
    expect(root.querySelector('path')).not.toBe(line);
  });

  it('keeps every node apart from the others and inside, however many there are', async () => {
    const root = show();
    for (let count = 1; count <= 8; count++) {
      stats = pageStats({ links: count, peers: peersOf(count) });
      await clock.advance(1000);
      const circles = [...root.querySelectorAll('circle')].map((circle) =>
        ['cx', 'cy', 'r'].map((name) => Number(circle.getAttribute(name))),
      );
      expect(circles).toHaveLength(count + 1);
      const names = [...root.querySelectorAll('svg .name')].slice(1);
      const isBelow = names.map((name) => {
        const label = name.nextElementSibling;
        return Number(label?.getAttribute('y')) > Number(name.getAttribute('y'));
      });
      if (count === 2) expect(isBelow, 'side by side').toEqual([true, true]);
      const [, top = 0, , height = 0] = (root.querySelector('svg')?.getAttribute('viewBox') ?? '')
        .split(' ')
        .map(Number);
      circles.forEach(([x = 0, y = 0, r = 0], i) => {
        expect(x - r > 0 && x + r < 320 && y - r > top && y + r < top + height).toBe(true);
        for (const [ox = 0, oy = 0, or = 0] of circles.slice(i + 1))
          expect(Math.hypot(x - ox, y - oy)).toBeGreaterThan(r + or);
      });
    }
  });

  function peersOf(count: number): Stats['peers'] {
    return Array.from({ length: count }, (_, peer) => ({ peer, down: 0, up: 0, holds: 0 }));
  }
});

describe('uploads', () => {
  it('are shown against the bounds of visit and month, and why there are no more', async () => {
    const month = new Date(clock.now()).toISOString().slice(0, 7);
    const memory = fakeMemory({ visit: 'visit1@0', uploaded: `visit1 500000 ${month} 3000000` });
    const root = show({ memory });
    stats = pageStats({ uploadRate: 640_000, uploadLimit: 'network' });
    await clock.advance(1000);
    const said = texts(root, 'p');
    expect(said).toContain('Now at most 640 KB/s: the network may be paid for by volume.');
    expect(said).toContain('This visit: 500 KB of 2.0 MB');
    expect(said).toContain('This month: 3.0 MB of 21.47 GB');
    const meters = [...root.querySelectorAll('meter')];
    expect(meters.map((meter) => meter.getAttribute('aria-label'))).toEqual(['This visit', 'This month']);
    stats = pageStats();
    await clock.advance(1000);
    expect(texts(root, 'p')).toContain('Nothing now.');
  });

  it('can be limited by the visitor, where the page lets them', () => {
    expect(show().querySelector('select')).toBeNull();
    close();
    const set: (number | undefined)[] = [];
    const limits = { get: () => 300_000, set: (cap: number | undefined) => set.push(cap) };
    const root = show({ limits });
    const select = root.querySelector('select');
    if (!select) throw new Error('no choice');
    expect(select.closest('label')?.textContent).toContain('Give at most');
    expect(select.selectedIndex).toBe(2);
    for (const index of [0, 1, 3]) {
      select.selectedIndex = index;
      select.dispatchEvent(new Event('change'));
    }
    expect(set).toEqual([0, 256_000, undefined]);
  });
});
