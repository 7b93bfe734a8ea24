// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const launch = vi.hoisted(() => vi.fn());
vi.mock('../../../src/page/launch.js', () => ({ launch }));

/** Runs the loader as the script that is being executed. */
async function runTag(attributes: Record<string, string>): Promise<void> {
  const script = document.createElement('script');
  for (const [name, value] of Object.entries(attributes)) script.setAttribute(name, value);
  Object.defineProperty(document, 'currentScript', { configurable: true, value: script });
  vi.resetModules();
  await import('../../../src/page/loader.js');
}

beforeEach(() => {
  launch.mockReset();
});
afterEach(() => {
  Reflect.deleteProperty(document, 'currentScript');
  vi.restoreAllMocks();
});

describe('the script tag', () => {
  it('finds the engine beside itself', async () => {
    await runTag({ src: 'https://cdn.example/js/peerfold.js?v=3', 'data-consent': 'implied' });
    expect(launch).toHaveBeenCalledExactlyOnceWith(
      { consent: 'implied' },
      'https://cdn.example/js/peerfold-engine.js',
    );
  });

  it('stays off and says why, once, for an attribute that it does not understand', async () => {
    const error = vi.spyOn(console, 'error').mockReturnValue();
    await runTag({ src: 'https://cdn.example/peerfold.js', 'data-consent': 'implied', 'data-uplaod': '5' });
    expect(launch).not.toHaveBeenCalled();
    expect(error).toHaveBeenCalledOnce();
    expect(error.mock.calls[0]?.[0]).toContain('data-uplaod');
  });
});
