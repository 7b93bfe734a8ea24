import type { Readable } from 'node:stream';
import { chromium, type BrowserContext } from 'playwright';
import { startBrowser } from './start-browser.js';

/** What Chromium says once it can be driven. */
const LISTENING = /DevTools listening on (ws:\S+)/;

/**
 * A browser whose tabs are hidden while another one is in front, and can be frozen. Playwright makes every tab of
 * the browsers that it starts believe that it is looked at; it leaves alone what it is connected to with `noDefaults`.
 */
export async function openBrowserWithTabs(
  profile: string,
  { width, height }: { readonly width: number; readonly height: number },
): Promise<{ context: BrowserContext; close: () => Promise<void> }> {
  const size = `--window-size=${width},${height}`;
  const { errors, quit } = startBrowser(profile, ['--remote-debugging-port=0', size, 'about:blank']);
  const connection = await chromium.connectOverCDP(await addressIn(errors), { noDefaults: true });
  const context = connection.contexts()[0];
  if (!context) throw new Error('the browser has no profile');
  return {
    context,
    close: async () => {
      await connection.close();
      await quit();
    },
  };
}

function addressIn(output: Readable): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    output.on('data', (chunk) => {
      text += String(chunk);
      const address = LISTENING.exec(text)?.[1];
      if (address !== undefined) resolve(address);
    });
    output.once('close', () => {
      reject(new Error(`the browser did not start: ${text}`));
    });
  });
}
