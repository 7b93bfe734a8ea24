/** Browsers have what `@xmldom/xmldom` brings. */
export const DOMParser = globalThis.DOMParser;
