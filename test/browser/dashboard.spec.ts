import type { Page } from 'playwright/test';
import type { Stage } from '../support/stage.js';
import { page as plainPage, IMPLIED, SHELF, SHELF_LAZY, shelf, tag } from '../support/pages.js';
import { expect, test } from './stage-test.js';

const CONTROL = '/control.html';
const PLAIN = '/plain.html';
const PICTURES = SHELF_LAZY.slice(0, 4);

/** Pages that all tell, and one whose visitors go without peers. */
function serveTellingPages(stage: Stage): void {
  stage.serve(PLAIN, plainPage('', ''));
  const telling = `${IMPLIED} data-beacons="http://localhost:${stage.ports.hasher}" data-beacon-share="1"`;
  stage.serve(SHELF, shelf(tag(telling), PICTURES));
  stage.serve(CONTROL, shelf(tag(`${telling} data-control="1"`), PICTURES));
}

declare global {
  interface Window {
    isMeasured?: boolean;
  }
}

/** To come before the page: notes when it begins to be measured, which the browser is asked for its paints for. */
async function noteMeasuring(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.PerformanceObserver = class extends PerformanceObserver {
      override observe(options?: PerformanceObserverInit): void {
        if (options?.type === 'largest-contentful-paint') window.isMeasured = true;
        super.observe(options);
      }
    };
  });
}

async function measured(page: Page): Promise<void> {
  await page.waitForFunction(() => window.isMeasured === true);
}

/** The page goes, and tells. To another one of the site: a browser that ends with its last page may take a beacon with it. */
async function told(stage: Stage, page: Page): Promise<void> {
  const beacons = (): number => stage.hasherRequests.filter((path) => path === '/v1/beacons').length;
  const before = beacons();
  await page.goto(stage.site.url + PLAIN);
  await expect.poll(beacons).toBeGreaterThan(before);
}

async function signIn(page: Page, stage: Stage): Promise<string[]> {
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(error.message));
  await page.goto(`http://localhost:${stage.ports.hasher}/dashboard`);
  await page.getByLabel("Operator's token").fill(await stage.operatorToken());
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'What visitors notice' }).waitFor();
  return faults;
}

test('what visitors tell when they leave is on the dashboard', async ({ stage }) => {
  serveTellingPages(stage);
  const a = await stage.visitor();
  await a.open(SHELF);
  await a.readToEnd(50);
  await stage.announced(PICTURES.length);
  const b = await stage.visitor();
  await noteMeasuring(b.page);
  await b.open(SHELF);
  await b.linked();
  await measured(b.page);
  await b.readToEnd();
  const { bytes } = await b.stats();
  const c = await stage.visitor();
  await noteMeasuring(c.page);
  await c.page.goto(stage.site.url + CONTROL);
  await measured(c.page);
  await told(stage, b.page);
  await told(stage, c.page);

  const faults = await signIn(c.page, stage);
  const tiles = c.page.locator('.tiles');
  await expect(tiles).toContainText('1 without peers');
  await expect(tiles.getByText('Offload').locator('..')).toContainText(/[1-9]\d*(\.\d+)? %/);
  expect(bytes.peer).toBeGreaterThan(0);
  await expect(c.page.getByRole('row', { name: /Largest contentful paint/ })).toContainText('too few pages');
  const chart = c.page.getByRole('img', { name: /^Offload\. from peers: from \d/ });
  await expect(chart.locator('canvas')).toBeVisible();
  await c.page.getByText('As a table').first().press('Enter');
  await expect(c.page.getByRole('region', { name: 'Offload' }).getByRole('row').nth(1)).toContainText('%');
  await c.page.getByRole('radio', { name: '24 h' }).press('ArrowRight');
  await expect(c.page.getByRole('radio', { name: '7 d' })).toBeChecked();
  await c.page.getByRole('button', { name: 'Sign out' }).press('Enter');
  await expect(c.page.getByLabel("Operator's token")).toBeFocused();
  expect(faults).toEqual([]);
});
