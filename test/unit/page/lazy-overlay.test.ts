import { expect, it } from 'vitest';
import type { Engine, EngineHost, Fault } from '../../../src/page/engine-host.js';
import { lazyOverlay } from '../../../src/page/lazy-overlay.js';
import type { OverlayModule } from '../../../src/page/overlay.js';
import { deferred } from '../../../sw/timers.js';

const engine = {} as Engine;

function overlayOf() {
  const said: string[] = [];
  const faults: Fault[] = [];
  const file = deferred<OverlayModule>();
  const host = { fault: (fault: Fault) => faults.push(fault) } as unknown as EngineHost;
  const hide = lazyOverlay(host, () => file.promise)(engine);
  const showOverlay: OverlayModule['showOverlay'] = () => {
    said.push('shown');
    return () => said.push('hidden');
  };
  return { said, faults, hide, file, module: { showOverlay } };
}

it('shows the overlay once its file is there, and hides it', async () => {
  const { said, hide, file, module } = overlayOf();
  file.resolve(module);
  await file.promise;
  expect(said).toEqual(['shown']);
  hide();
  expect(said).toEqual(['shown', 'hidden']);
});

it('shows nothing when the engine ended before that', async () => {
  const { said, hide, file, module } = overlayOf();
  hide();
  file.resolve(module);
  await file.promise;
  expect(said).toEqual([]);
});

it('says when the file cannot be loaded', async () => {
  const { faults, file } = overlayOf();
  file.reject(new Error('404'));
  await file.promise.catch(() => undefined);
  await Promise.resolve();
  expect(faults).toEqual([{ code: 'not-supported', message: 'no overlay: 404' }]);
});
