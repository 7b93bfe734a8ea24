import type { BrowserContext, Page } from 'playwright';

declare global {
  interface Window {
    /** Every `RTCPeerConnection` that this page made, kept here by `countConnections`. */
    rtcConnections: RTCPeerConnection[];
  }
}

/** Makes every page of `context` keep the WebRTC connections that it constructs. */
export async function countConnections(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    window.rtcConnections = [];
    window.RTCPeerConnection = new Proxy(RTCPeerConnection, {
      construct(target, args, newTarget) {
        const connection = Reflect.construct(target, args, newTarget) as RTCPeerConnection;
        window.rtcConnections.push(connection);
        return connection;
      },
    });
  });
}

/** How many connections the page has made so far, and how many of them are not closed. */
export function connections(page: Page): Promise<{ made: number; open: number }> {
  return page.evaluate(() => ({
    made: window.rtcConnections.length,
    open: window.rtcConnections.filter(({ connectionState }) => connectionState !== 'closed').length,
  }));
}
