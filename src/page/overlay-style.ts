/**
 * The overlay's own style, in its shadow root. White on each source's colour has a contrast of at
 * least 5:1; sources are told apart by their words as well as by colour.
 */
export const OVERLAY_STYLE = `
:host { all: initial; --peer: #0f7a43; --store: #1f5fc4; --cache: #6b4fb3; --http: #a34f00;
  --face: #ffffffee; --ink: #1b1f24; --faint: #5b6470; --line: #d5dae1; }
@media (prefers-color-scheme: dark) {
  :host { --face: #16191eee; --ink: #eef1f5; --faint: #a4adba; --line: #353b45; }
}
.peer { --source: var(--peer); } .store { --source: var(--store); }
.cache { --source: var(--cache); } .http { --source: var(--http); }
.badges { position: absolute; top: 0; left: 0; width: 0; height: 0; z-index: 2147483645; }
.badge { position: absolute; pointer-events: none; padding: 2px 7px; border-radius: 999px; color: #fff;
  background: var(--source); font: 600 11px/16px system-ui, sans-serif; white-space: nowrap;
  box-shadow: 0 0 0 1px #ffffff66, 0 1px 4px #0006; }
.box { position: fixed; right: 12px; bottom: 12px; z-index: 2147483646; width: min(272px, calc(100vw - 24px));
  box-sizing: border-box; border: 1px solid var(--line); border-radius: 12px; background: var(--face);
  color: var(--ink); font: 13px/1.45 system-ui, sans-serif; box-shadow: 0 6px 24px #0003;
  backdrop-filter: blur(8px); }
.box.closed { width: auto; }
button { all: unset; box-sizing: border-box; display: flex; gap: 8px; align-items: center; width: 100%;
  padding: 9px 13px; border-radius: 12px; cursor: pointer; font-weight: 600; font-variant-numeric: tabular-nums; }
button:focus-visible { outline: 2px solid var(--store); outline-offset: 2px; }
button .dot { width: 9px; height: 9px; border-radius: 50%; background: var(--faint); }
button.live .dot { background: var(--peer); }
button .arrow { margin-left: auto; color: var(--faint); font-weight: 400; }
.panel { padding: 0 13px 12px; }
.bar { display: flex; height: 8px; border-radius: 4px; overflow: hidden; background: var(--line); }
.bar span { background: var(--source); }
dl { display: grid; grid-template-columns: auto 1fr; gap: 2px 10px; margin: 9px 0 0; }
dt { display: flex; gap: 7px; align-items: center; }
dt i { width: 9px; height: 9px; border-radius: 3px; background: var(--source, transparent); }
dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
.foot { margin: 8px 0 0; padding-top: 7px; border-top: 1px solid var(--line); color: var(--faint); font-size: 12px; }
ol { display: flex; flex-wrap: wrap; gap: 3px; max-height: 96px; margin: 9px 0 0; padding: 2px; overflow: auto;
  list-style: none; }
ol:empty { display: none; }
li { width: 16px; height: 12px; border-radius: 3px; background: var(--source, var(--line)); }
li span { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[hidden] { display: none; }
@media (forced-colors: active) { .badge, .box { border: 1px solid CanvasText; } }
`;
