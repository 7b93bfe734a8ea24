/**
 * Styles a shadow root in a way that no Content-Security-Policy of a site forbids. Throws in Firefox before 101,
 * which goes without whatever it is.
 */
export function styleShadow(root: ShadowRoot, css: string): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
}
