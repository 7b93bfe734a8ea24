// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from 'vitest';
import { registerWorker } from '../../../src/page/register.js';

const register = vi.hoisted(() => vi.fn<() => Promise<{ scope: string } | undefined>>());
vi.mock('workbox-window/build/workbox-window.prod.mjs', () => ({
  Workbox: class {
    readonly register = register;
  },
}));

const SITE = 'https://www.example.com';
const USUAL = '/peerfold-sw.js';

/** A page of the site that has this worker already, or, without a scope, is only controlled by it. */
function visit(scope?: string, script?: string): { readonly warn: ReturnType<typeof vi.fn> } {
  const worker = script === undefined ? null : { scriptURL: SITE + script };
  const registration = scope && { scope: SITE + scope, active: worker };
  const container = { getRegistration: () => Promise.resolve(registration), controller: worker };
  Object.defineProperty(navigator, 'serviceWorker', { configurable: true, value: container });
  vi.spyOn(document, 'baseURI', 'get').mockReturnValue(`${SITE}/shop/page.html`);
  return { warn: vi.spyOn(console, 'warn').mockReturnValue() };
}

afterEach(() => {
  Reflect.deleteProperty(navigator, 'serviceWorker');
  vi.restoreAllMocks();
  register.mockReset();
});

describe('the worker file', () => {
  it('is registered where there is no worker, without a word', async () => {
    const { warn } = visit();
    await registerWorker('/sw.js', USUAL);
    expect(register).toHaveBeenCalledOnce();
    expect(warn).not.toHaveBeenCalled();
  });

  it('is not registered where the site has done so', async () => {
    const { warn } = visit('/', '/sw.js');
    await registerWorker('../sw.js', USUAL);
    expect(register).not.toHaveBeenCalled();
    expect(warn).not.toHaveBeenCalled();
  });

  it('is not registered again where another tab has ended it', async () => {
    visit(undefined, '/sw.js');
    await registerWorker('/sw.js', USUAL);
    expect(register).not.toHaveBeenCalled();
  });

  it('is registered beside one that the site has ended', async () => {
    visit(undefined, '/push-sw.js');
    await registerWorker(USUAL, USUAL);
    expect(register).toHaveBeenCalledOnce();
  });

  it('replaces another one of its scope, and says so', async () => {
    const { warn } = visit('/', '/push-sw.js');
    await registerWorker('/sw.js', USUAL);
    expect(register).toHaveBeenCalledOnce();
    expect(warn.mock.calls).toEqual([[`Peerfold replaces ${SITE}/push-sw.js (docs/composition.md)`]]);
  });

  it('takes nobody’s place unless the tag names it', async () => {
    visit('/', '/push-sw.js');
    await expect(registerWorker(USUAL, USUAL)).rejects.toThrow(`${SITE}/push-sw.js is here`);
    expect(register).not.toHaveBeenCalled();
  });

  it('is of no use where its scope leaves the page out', async () => {
    visit();
    register.mockResolvedValue({ scope: `${SITE}/js/` });
    await expect(registerWorker('/js/sw.js', USUAL)).rejects.toThrow('leaves this page out');
    register.mockResolvedValue({ scope: location.href });
    await registerWorker('/js/sw.js', USUAL);
  });

  it('leaves the worker of a scope around its own, without a word', async () => {
    const { warn } = visit('/', '/push-sw.js');
    await registerWorker('/shop/sw.js', USUAL);
    expect(register).toHaveBeenCalledOnce();
    expect(warn).not.toHaveBeenCalled();
  });
});
