/** happy-dom has no layout, no `document.images`, and a page that is always looked at; tests have a say. */
export function prepareDom(): void {
  setVisibility('visible');
  Object.defineProperty(document, 'images', {
    configurable: true,
    get: () => document.querySelectorAll('img'),
  });
}

/** Puts `element` at this place of the viewport, in CSS pixels. */
export function putAt(element: Element, top: number, height = 100, width = 200): void {
  const box = new DOMRect(0, top, width, height);
  element.getBoundingClientRect = () => box;
  element.getClientRects = () => [box] as unknown as DOMRectList;
}

export function setVisibility(state: 'visible' | 'hidden'): void {
  Object.defineProperty(document, 'visibilityState', { configurable: true, value: state });
  document.dispatchEvent(new Event('visibilitychange'));
}
