import { reasonOf } from '../core/errors.js';
import type { Engine, EngineHost } from './engine-host.js';
import type { OverlayModule } from './overlay.js';

/**
 * The overlay, in a file of its own: few pages show it. Returns what shows it and returns how to end that, also
 * while the file is still on its way.
 */
export function lazyOverlay(host: EngineHost, load: () => Promise<OverlayModule>) {
  return (engine: Engine): (() => void) => {
    let isWanted = true;
    let hide = (): void => undefined;
    const show = ({ showOverlay }: OverlayModule): void => {
      if (isWanted) hide = showOverlay(host, engine);
    };
    load().then(show, (error: unknown) => {
      host.fault({ code: 'not-supported', message: `no overlay: ${reasonOf(error)}` });
    });
    return () => {
      isWanted = false;
      hide();
    };
  };
}
