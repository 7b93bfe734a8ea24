import { NOTICE_TAG, PeerfoldNotice, type NoticeHost } from './notice-element.js';

/** What `peerfold-notice.js` exports. */
export interface NoticeModule {
  readonly startNotice: typeof startNotice;
}

/**
 * Shows the notice: the page's own `<peerfold-notice>` if it has one, otherwise one before everything else in the
 * order of the keyboard, outside of `body`, which belongs to the site. Returns how to take it away without a choice.
 */
export function startNotice(host: NoticeHost): () => void {
  if (!customElements.get(NOTICE_TAG)) customElements.define(NOTICE_TAG, PeerfoldNotice);
  const found = document.querySelector(NOTICE_TAG);
  const element = found ?? document.createElement(NOTICE_TAG);
  if (!found) document.documentElement.insertBefore(element, document.body);
  if (!(element instanceof PeerfoldNotice)) return () => undefined;
  element.show(host);
  return () => {
    element.close();
  };
}
