import { clientsClaim } from 'workbox-core';
import { precacheAndRoute } from 'workbox-precaching';
import { registerRoute, setDefaultHandler } from 'workbox-routing';
import { CacheFirst, NetworkOnly } from 'workbox-strategies';
import { peerfold, type SiteLiteral } from 'peerfold/workbox';

/** Filled in by whoever bundles this. */
declare const SITE_LITERAL: SiteLiteral;
declare const self: { skipWaiting(): Promise<void> };

/** A site's worker as its owner would write it with Workbox. */
const { match, handler } = peerfold(SITE_LITERAL);
precacheAndRoute([{ url: '/site.css', revision: '1' }]);
registerRoute(({ url }) => url.pathname.endsWith('.svg'), new CacheFirst({ cacheName: 'pictures' }));
registerRoute(match, handler);
setDefaultHandler(new NetworkOnly());
void self.skipWaiting();
clientsClaim();
