// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from 'vitest';
import { registerWorker } from '../../../src/page/register.js';

const register = vi.hoisted(() => vi.fn(() => Promise.resolve()));
vi.mock('workbox-window/build/workbox-window.prod.mjs', () => ({
  Workbox: class {
    readonly register = register;
  },
}));

const SITE = 'https://www.example.com';

/** A page of the site that has this worker already. */
function visit(scope?: string, script?: string): { readonly warn: ReturnType<typeof vi.fn> } {
  const registration = scope && { scope: SITE + scope, active: { scriptURL: SITE + (script ?? '') } };
  const container = { getRegistration: () => Promise.resolve(registration) };
  Object.defineProperty(navigator, 'serviceWorker', { configurable: true, value: container });
  vi.spyOn(document, 'baseURI', 'get').mockReturnValue(`${SITE}/shop/page.html`);
  return { warn: vi.spyOn(console, 'warn').mockReturnValue() };
}

afterEach(() => {
  Reflect.deleteProperty(navigator, 'serviceWorker');
  vi.restoreAllMocks();
  register.mockClear();
});

describe('the worker file', () => {
  it('is registered where there is no worker, without a word', async () => {
    const { warn } = visit();
    await registerWorker('/sw.js');
    expect(register).toHaveBeenCalledOnce();
    expect(warn).not.toHaveBeenCalled();
  });

  it('is not registered where the site has done so', async () => {
    const { warn } = visit('/', '/sw.js');
    await registerWorker('../sw.js');
    expect(register).not.toHaveBeenCalled();
    expect(warn).not.toHaveBeenCalled();
  });

  it('replaces another one of its scope, and says so', async () => {
    const { warn } = visit('/', '/push-sw.js');
    await registerWorker('/sw.js');
    expect(register).toHaveBeenCalledOnce();
    expect(warn.mock.calls).toEqual([[`Peerfold replaces ${SITE}/push-sw.js (docs/composition.md)`]]);
  });

  it('leaves the worker of a scope around its own, without a word', async () => {
    const { warn } = visit('/', '/push-sw.js');
    await registerWorker('/shop/sw.js');
    expect(register).toHaveBeenCalledOnce();
    expect(warn).not.toHaveBeenCalled();
  });
});
