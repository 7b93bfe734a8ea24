/**
 * The overlay's own style, in its shadow root. White on each source's colour has a contrast of at
 * least 5:1; sources are told apart by their words as well as by colour.
 */
export const OVERLAY_STYLE = `
:host { all: initial; color-scheme: light dark; --peer: #0f7a43; --store: #1f5fc4; --cache: #6b4fb3; --http: #a34f00;
  --down: #0f7a43; --up: #1f5fc4; --face: #fff; --ink: #1b1f24; --faint: #5b6470; --line: #d5dae1; }
@media (prefers-color-scheme: dark) {
  :host { --face: #16191e; --ink: #eef1f5; --faint: #a4adba; --line: #353b45; --down: #45c987; --up: #7fb0ff; }
}
.peer { --source: var(--peer); } .store { --source: var(--store); }
.cache { --source: var(--cache); } .http { --source: var(--http); }
.badges { position: absolute; top: 0; left: 0; width: 0; height: 0; z-index: 2147483645; }
.badge, .chip { padding: 2px 7px; border-radius: 999px; color: #fff; background: var(--source);
  font: 600 11px/16px system-ui, sans-serif; white-space: nowrap; }
.badge { position: absolute; pointer-events: none; box-shadow: 0 0 0 1px #ffffff66, 0 1px 4px #0006; }
.chip { display: inline-block; padding: 0 6px; margin: 0 3px 2px 0; }
.box { position: fixed; right: 12px; bottom: 12px; z-index: 2147483646; display: flex; flex-direction: column;
  width: min(360px, calc(100vw - 24px)); max-height: min(600px, 70vh); box-sizing: border-box;
  border: 1px solid var(--line); border-radius: 12px; background: var(--face); color: var(--ink);
  font: 13px/1.45 system-ui, sans-serif; font-variant-numeric: tabular-nums; box-shadow: 0 6px 24px #0003; }
.closed { width: auto; }
button { all: unset; box-sizing: border-box; display: flex; flex: none; gap: 8px; align-items: center;
  padding: 9px 13px; cursor: pointer; font-weight: 600; }
:focus-visible { outline: 2px solid var(--up); outline-offset: -2px; border-radius: 8px; }
.dot { width: 9px; height: 9px; border-radius: 50%; background: var(--faint); }
.live .dot { background: var(--down); }
.arrow { margin-left: auto; color: var(--faint); }
#panel { overflow: auto; overscroll-behavior: contain; padding: 0 13px 12px; overflow-wrap: anywhere; }
p { margin: 0 0 8px; }
.bar { display: flex; height: 8px; border-radius: 4px; overflow: hidden; background: var(--line); }
.bar span { background: var(--source); }
dl { display: grid; grid-template-columns: auto 1fr auto 1fr; gap: 2px 10px; margin: 9px 0; }
dt { display: flex; gap: 7px; align-items: center; }
i { width: 9px; height: 9px; border-radius: 3px; background: var(--source, transparent); }
dd { margin: 0; text-align: right; }
summary { padding: 6px 2px; cursor: pointer; font-weight: 600; }
circle { fill: var(--face); stroke: var(--faint); }
text { fill: var(--faint); font: 10px system-ui, sans-serif; text-anchor: middle; }
.name { fill: var(--ink); font-weight: 600; }
path { stroke: var(--line); stroke-linecap: round; }
[class*="flow"] { stroke-width: var(--wide); stroke-dasharray: 1 7; animation: flow var(--pace) linear infinite; }
.down { stroke: var(--down); } .up { stroke: var(--up); }
.flow1 { --wide: 1.5; --pace: 1.6s; } .flow2 { --wide: 2.5; --pace: 0.9s; }
.flow3 { --wide: 3.5; --pace: 0.5s; } .flow4 { --wide: 5; --pace: 0.3s; }
@keyframes flow { to { stroke-dashoffset: -8; } }
table { width: 100%; border-collapse: collapse; font-size: 12px; }
caption, thead, .why, .foot { color: var(--faint); font-size: 12px; text-align: left; }
th, td { padding: 4px 4px 2px 0; text-align: left; vertical-align: top; }
thead th { font-weight: 400; }
td:not(:nth-child(3), .why) { white-space: nowrap; }
details, tbody { border-top: 1px solid var(--line); }
label { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin: 4px 0 8px; }
select { padding: 4px 6px; font: inherit; }
meter { width: 100%; } ul { margin: 0 0 8px; padding-left: 18px; }
[hidden] { display: none; }
@media (prefers-reduced-motion: reduce) { path { animation: none !important; stroke-dasharray: none !important; } }
@media (forced-colors: active) { .badge, .box, .chip { border: 1px solid CanvasText; } .bar span, i { forced-color-adjust: none; } }
`;
