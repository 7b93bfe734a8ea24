import type { Stage } from './stage.js';
import type { Visitor } from './visitor.js';

declare global {
  interface Window {
    /** By how much (ms) the clocks of this page and its worker are ahead of everybody else's. */
    ahead?: number;
  }
}

/** Runs in the worker before Peerfold's part of it. */
const WORKER_CLOCK = `{
  const now = Date.now;
  let ahead = 0;
  Date.now = () => now() + ahead;
  addEventListener('message', ({ data }) => { if (data?.ahead !== undefined) ahead = data.ahead; });
}
`;

/** From now on the site's workers have clocks that can be set. */
export async function serveClocks(stage: Stage): Promise<void> {
  const worker = await (await fetch(`${stage.site.url}/peerfold-sw.js`)).text();
  stage.serve('/peerfold-sw.js', WORKER_CLOCK + worker);
}

/** Gives the visitor a clock that can be set, in pages opened from now on. */
export async function giveClock(visitor: Visitor): Promise<void> {
  await visitor.context.addInitScript(() => {
    const now = Date.now;
    Date.now = () => now() + (window.ahead ?? 0);
  });
}

/** Sets the visitor's clocks ahead by `ms`: so much time has passed, for all that looks at it. */
export async function setAhead(visitor: Visitor, ms: number): Promise<void> {
  await visitor.page.evaluate((ahead) => {
    window.ahead = ahead;
    navigator.serviceWorker.controller?.postMessage({ ahead });
  }, ms);
}
