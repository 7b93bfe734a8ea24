import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test, type Page } from 'playwright/test';
import type { EngineStats } from '../../src/page/engine-host.js';
import type { NoticeModule } from '../../src/page/notice.js';
import type { NoticeHost } from '../../src/page/notice-element.js';
import type { OverlayHost, OverlayModule } from '../../src/page/overlay.js';
import type { TransferReport } from '../../src/protocol/bridge.js';
import { engineStats, pageStats } from '../support/page-stats.js';
import { transferReport } from '../support/reports.js';

/** What people see and reach by keyboard and screen reader, of the bundles as they are built. No site, no peers. */
const ORIGIN = 'http://localhost:9';
const DIST = path.resolve(import.meta.dirname, '../../dist');
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'";
const PHONE = { width: 320, height: 568 };

const LINKS = '<p>Text</p><a href="#top">First link</a><div></div><a href="#end">Last link</a>';
const BODY = `<!doctype html><html lang="en"><title>page</title><link rel="stylesheet" href="/tall.css">${LINKS}`;

async function openPage(page: Page): Promise<void> {
  await page.route(`${ORIGIN}/**`, async (route) => {
    const name = path.basename(new URL(route.request().url()).pathname);
    if (name.endsWith('.js'))
      await route.fulfill({ contentType: 'text/javascript', body: await readFile(path.join(DIST, name)) });
    else if (name === 'tall.css')
      await route.fulfill({ contentType: 'text/css', body: 'div { height: 3000px } a { display: block }' });
    else
      await route.fulfill({
        contentType: 'text/html',
        body: BODY,
        headers: { 'content-security-policy': POLICY },
      });
  });
  await page.goto(`${ORIGIN}/`);
}

const REPORTS: TransferReport[] = [
  transferReport({ url: `${ORIGIN}/fox.jpg`, peer: 213_000 }),
  transferReport({ url: `${ORIGIN}/film.mp4`, peer: 600_000, http: 200_000, fallback: 'deadline' }),
];

async function showOverlay(page: Page, engine: EngineStats): Promise<void> {
  const { peers, links } = engine;
  const bytes = transferReport({ peer: 813_000, http: 200_000 }).bytes;
  const stats = pageStats({ bytes, peers, links, resources: REPORTS });
  await page.evaluate(
    async ([stats, engine]) => {
      const { showOverlay } = (await import(`${location.origin}/peerfold-overlay.js`)) as OverlayModule;
      const host: OverlayHost = {
        options: { consent: 'implied' },
        memory: { get: () => undefined, set: () => undefined, clear: () => undefined },
        stats: () => stats,
        engine: () => ({ stats: () => ({ ...engine, refusals: new Map() }) }),
        onTransfer: () => () => undefined,
        limits: {
          get: () => undefined,
          set: (cap) => {
            document.title = `cap ${cap}`;
          },
        },
      };
      showOverlay(host);
    },
    [stats, engine] as const,
  );
}

async function showNotice(page: Page, host: Pick<NoticeHost, 'chosen'> = {}): Promise<void> {
  await page.evaluate(async (facts) => {
    const { startNotice } = (await import(`${location.origin}/peerfold-notice.js`)) as NoticeModule;
    startNotice({
      ...{ ...facts, language: 'en', policyUrl: '/privacy' },
      choose: (granted) => {
        document.title = granted ? 'agreed' : 'declined';
      },
    });
  }, host);
}

const ENGINE = engineStats({
  links: 2,
  peers: [
    { peer: 0, down: 1_200_000, up: 0, rtt: 24, holds: 3 },
    { peer: 3, down: 0, up: 320_000, holds: 1 },
  ],
});

test('the overlay is used by keyboard and names what it shows', async ({ page }) => {
  const faults: string[] = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  await openPage(page);
  await showOverlay(page, ENGINE);
  const button = page.getByRole('button', { name: '80 % from peers', expanded: true });
  const panel = page.getByRole('region', { name: 'Peerfold, details' });
  await expect(panel).toContainText('80 % of what this page received came from other visitors.');
  await expect(page.getByRole('img', { name: 'You and linked peers: 2' })).toBeVisible();

  await button.focus();
  const order: string[] = [];
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press('Tab');
    order.push(await focusedText(page));
  }
  expect(order).toEqual(['Links: 2', 'As a table', 'Transfers', 'Given to others: 0 B']);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  const choice = page.getByRole('combobox', { name: 'Give at most' });
  await expect(choice).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(page).toHaveTitle('cap 1000000');
  await expect(page.getByRole('meter', { name: 'This month' })).toBeVisible();
  await page.getByText('Transfers').press('Enter');
  const table = page.getByRole('table', { name: 'Latest first' });
  await expect(table.getByRole('rowheader', { name: 'film.mp4' })).toBeVisible();
  await expect(table.getByRole('cell', { name: 'Why not peers? Peers were too slow' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: '80 % from peers', expanded: false })).toBeFocused();
  await expect(panel).toBeHidden();
  expect(faults, 'the policy of the page forbids nothing of it').toEqual([]);
});

test('the overlay leaves a phone most of its screen, and starts closed there', async ({ page }) => {
  await page.setViewportSize(PHONE);
  await openPage(page);
  await showOverlay(page, ENGINE);
  const button = page.getByRole('button', { name: '80 % from peers', expanded: false });
  await button.click();
  await page.getByText('Transfers').click();
  const { x, y, width, height } = await boxOf(page, 'peerfold-overlay .box');
  expect(x >= 0 && x + width <= PHONE.width).toBe(true);
  expect(y + height <= PHONE.height && height <= 0.7 * PHONE.height).toBe(true);
  const overflow = await page.locator('#panel').evaluate((panel) => panel.scrollWidth - panel.clientWidth);
  expect(overflow, 'nothing to scroll sideways').toBe(0);
});

test('the notice is first for the keyboard, and in the way of nothing', async ({ page }) => {
  await page.setViewportSize(PHONE);
  await openPage(page);
  await showNotice(page);
  const notice = page.getByRole('region', { name: 'Help from other visitors' });
  await expect(notice.getByRole('link', { name: 'Privacy' })).toBeVisible();
  const { x, width, height } = await boxOf(page, 'peerfold-notice section');
  expect(x >= 0 && x + width <= PHONE.width && height <= 0.75 * PHONE.height).toBe(true);

  const order: string[] = [];
  for (let i = 0; i < 5; i++) {
    await page.keyboard.press('Tab');
    order.push(await focusedText(page));
  }
  expect(order).toEqual(['Privacy', 'Decline', 'Agree', 'First link', 'Last link']);
  await expect.poll(() => covers(page, 'Last link')).toBe(false);
  await page.keyboard.press('Escape');
  await expect(notice).toBeVisible();
  await notice.getByRole('button', { name: 'Agree' }).press('Enter');
  await expect(page).toHaveTitle('agreed');
  await expect(notice).toBeHidden();

  await page.getByRole('link', { name: 'First link' }).focus();
  await showNotice(page, { chosen: true });
  await expect(notice).toBeFocused();
  await expect(notice.getByRole('button', { name: 'Agree', pressed: true })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('link', { name: 'First link' })).toBeFocused();
});

function focusedText(page: Page): Promise<string> {
  return page.evaluate(() => {
    const focused = document.activeElement;
    return (focused?.shadowRoot?.activeElement ?? focused)?.textContent ?? '';
  });
}

async function boxOf(page: Page, selector: string) {
  const box = await page.locator(selector).boundingBox();
  if (!box) throw new Error(`${selector} is not shown`);
  return box;
}

/** Whether the notice is over the link of this name. */
async function covers(page: Page, name: string): Promise<boolean> {
  const [notice, link] = await Promise.all([
    boxOf(page, 'peerfold-notice section'),
    page.getByRole('link', { name }).boundingBox(),
  ]);
  return link !== null && link.y < notice.y + notice.height && notice.y < link.y + link.height;
}
