import type { Clock, Timer } from '../core/clock.js';
import type { TransferReport } from '../protocol/bridge.js';
import { systemClock } from '../protocol/system-clock.js';
import type { Engine, EngineHost } from './engine-host.js';
import { Badges } from './overlay-badges.js';
import { OverlayPanel } from './overlay-panel.js';
import { OVERLAY_STYLE } from './overlay-style.js';

/** What `peerfold-overlay.js` exports. */
export interface OverlayModule {
  readonly showOverlay: (host: EngineHost, engine: Engine) => () => void;
}

/** Links and uploads change without a transfer of this page; they are read this often (ms). */
const REFRESH = 1000;

export const OVERLAY_TAG = 'peerfold-overlay';

/**
 * Shows where the page's bytes came from: a badge on each image, a panel with totals. Lives in a shadow
 * root of its own, so that neither the site's style nor ours reaches the other. Returns how to end it.
 */
export function showOverlay(host: EngineHost, engine: Engine, clock: Clock = systemClock): () => void {
  const element = document.createElement(OVERLAY_TAG);
  const root = element.attachShadow({ mode: 'open' });
  const style = document.createElement('style');
  style.textContent = OVERLAY_STYLE;
  root.append(style);
  document.documentElement.append(element);
  const badges = new Badges(root, document);
  const panel = new OverlayPanel(root, document);
  const refresh = (): void => {
    panel.show(host.stats(), engine.stats());
  };
  const add = (report: TransferReport): void => {
    badges.mark(report);
    panel.add(report);
    refresh();
  };
  host.stats().resources.forEach(add);
  const unlisten = host.onTransfer(add);
  let timer: Timer;
  const tick = (): void => {
    refresh();
    badges.arrange();
    timer = clock.setTimeout(tick, REFRESH);
  };
  tick();
  return () => {
    unlisten();
    clock.clearTimeout(timer);
    badges.close();
    element.remove();
  };
}
