/** The notice's style in its shadow root. Everything a site may want to change is a variable or a part. */
export const NOTICE_STYLE = `
:host { color-scheme: light dark;
  --face: var(--peerfold-face, #fff); --ink: var(--peerfold-ink, #1b1f24);
  --line: var(--peerfold-line, #8a94a3); --accent: var(--peerfold-accent, #17606a); }
@media (prefers-color-scheme: dark) { :host {
  --face: var(--peerfold-face, #16191e); --ink: var(--peerfold-ink, #eef1f5);
  --line: var(--peerfold-line, #7b8594); --accent: var(--peerfold-accent, #7fd0da); } }
:host([hidden]) { display: none; }
section { position: fixed; left: 12px; bottom: 12px; z-index: 2147483647; box-sizing: border-box;
  width: min(460px, calc(100vw - 24px)); max-height: 75vh; overflow: auto; padding: 16px; border: 1px solid var(--line);
  border-radius: var(--peerfold-radius, 12px); background: var(--face); color: var(--ink);
  font: var(--peerfold-font, 15px/1.5 system-ui, sans-serif); box-shadow: 0 6px 24px #0003; animation: rise 0.2s; }
section.up { bottom: auto; top: 12px; }
@keyframes rise { from { opacity: 0; transform: translateY(8px); } }
p { margin: 0 0 12px; }
a { color: var(--accent); }
label { display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: center; margin: 0 0 12px; }
select, button { box-sizing: border-box; min-height: 44px; padding: 8px 12px; border: 1px solid var(--line);
  border-radius: 8px; background: transparent; color: inherit; font: inherit; }
select { background: var(--face); }
div { display: flex; gap: 12px; }
button { flex: 1; border: 2px solid var(--accent); font-weight: 600; cursor: pointer; }
[aria-pressed="true"]::before { content: "✓ "; }
button:hover { background: color-mix(in srgb, var(--accent) 12%, transparent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
section:focus { outline-offset: -3px; }
@media (prefers-reduced-motion: reduce) { section { animation: none; } }
`;
