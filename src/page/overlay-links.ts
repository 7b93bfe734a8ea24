import { draw, make, write } from './elements.js';
import type { LinkedPeer } from './engine-host.js';
import { formatBytes } from './overlay-model.js';

/** The map's own units; nodes lie on an ellipse around the middle, labels beyond them. */
const WIDTH = 320;
const MIDDLE = { x: WIDTH / 2, y: 0 };
const RADIUS = { x: 120, y: 72 };
const NODE = 11;
/** Half the distance between the lines of a link, one for each direction. */
const APART = 3;
const LINE_HEIGHT = 11;
/** From a node's middle to the end of its labels. */
const MARGIN = NODE + 4 + 3 * LINE_HEIGHT;
/** Bytes per second from which a line is drawn wider and moves faster. */
const LEVELS = [1000, 100_000, 500_000, 2_000_000];

interface Point {
  readonly x: number;
  readonly y: number;
}

/** What changes about a peer that is drawn. */
interface Drawn {
  readonly down: SVGElement;
  readonly up: SVGElement;
  readonly labels: readonly SVGElement[];
}

/** This visitor in the middle, linked peers around, and what goes either way; and the same as a table. */
export class LinkMap {
  readonly element = make('div');
  readonly #map = draw('svg', { role: 'img' });
  readonly #rows = make('tbody');
  readonly #drawn = new Map<number, Drawn>();
  #peers = '';

  constructor() {
    const titles = ['Peer', 'Down', 'Up', 'Round trip', 'Holds'].map((title) =>
      make('th', { scope: 'col' }, title),
    );
    const table = make('table', {}, make('thead', {}, make('tr', {}, ...titles)), this.#rows);
    this.element.append(
      this.#map,
      make('details', {}, make('summary', {}, 'As a table'), table),
      make('p', { class: 'foot' }, 'Green comes in, blue goes out.'),
    );
  }

  show(peers: readonly LinkedPeer[]): void {
    const numbers = peers.map(({ peer }) => peer).join();
    this.element.hidden = peers.length === 0;
    // Drawn anew only when somebody comes or goes, so that what moves is not set back every second.
    if (numbers !== this.#peers) this.#draw(peers);
    this.#peers = numbers;
    for (const peer of peers) this.#update(peer);
    this.#rows.replaceChildren(...peers.map(rowOf));
  }

  #draw(peers: readonly LinkedPeer[]): void {
    const count = peers.length;
    this.#drawn.clear();
    const points = peers.map((_, i) => place(i, count));
    const nodes = peers.map(({ peer }, i) => this.#node(peer, points[i] ?? MIDDLE));
    const heights = [MIDDLE, ...points].map(({ y }) => y);
    const top = Math.min(...heights) - MARGIN;
    this.#map.setAttribute('viewBox', `0 ${top} ${WIDTH} ${Math.max(...heights) + MARGIN - top}`);
    const you = draw('g', {}, draw('circle', { ...at(MIDDLE), r: 20 }));
    you.append(text({ x: MIDDLE.x, y: MIDDLE.y + 4 }, 'You', 'name'));
    this.#map.setAttribute('aria-label', `You and linked peers: ${count}`);
    this.#map.replaceChildren(...nodes.map(([lines]) => lines), you, ...nodes.map(([, node]) => node));
  }

  #node(peer: number, point: Point): [lines: SVGElement, node: SVGElement] {
    const down = line(point, MIDDLE);
    const up = line(MIDDLE, point);
    // Away from the middle, where no line passes. Sines are not exact.
    const isAbove = point.y < MIDDLE.y - 1;
    const first = isAbove ? -NODE - 4 - 2 * LINE_HEIGHT : NODE + LINE_HEIGHT;
    const labels = [0, 1, 2].map((i) =>
      text({ x: point.x, y: point.y + first + i * LINE_HEIGHT }, '', 'rate'),
    );
    // The first is the one next to the node.
    if (isAbove) labels.reverse();
    this.#drawn.set(peer, { down, up, labels });
    const circle = draw('circle', { ...at(point), r: NODE });
    const name = text({ x: point.x, y: point.y + 4 }, String(peer), 'name');
    return [draw('g', {}, down, up), draw('g', {}, circle, name, ...labels)];
  }

  #update({ peer, down, up, rtt }: LinkedPeer): void {
    const drawn = this.#drawn.get(peer);
    if (!drawn) return;
    drawn.down.setAttribute('class', classOf('down', down));
    drawn.up.setAttribute('class', classOf('up', up));
    const lines = [
      ...(levelOf(down) > 0 ? [`↓ ${formatBytes(down)}/s`] : []),
      ...(levelOf(up) > 0 ? [`↑ ${formatBytes(up)}/s`] : []),
      ...(rtt === undefined ? [] : [timeOf(rtt)]),
    ];
    if (lines.length === 0) lines.push('idle');
    drawn.labels.forEach((label, i) => {
      write(label, lines[i] ?? '');
    });
  }
}

function rowOf({ peer, down, up, rtt, holds }: LinkedPeer): HTMLElement {
  const cells = [
    `${formatBytes(down)}/s`,
    `${formatBytes(up)}/s`,
    rtt === undefined ? 'unknown' : timeOf(rtt),
    holds === 1 ? '1 file' : `${holds} files`,
  ];
  const row = make('tr', {}, make('th', { scope: 'row' }, String(peer)));
  row.append(...cells.map((cell) => make('td', {}, cell)));
  return row;
}

/** Never straight above the middle, so that labels find room. */
function place(i: number, count: number): Point {
  const angle = ((i + 0.5) / count) * 2 * Math.PI;
  return { x: MIDDLE.x + RADIUS.x * Math.sin(angle), y: MIDDLE.y - RADIUS.y * Math.cos(angle) };
}

/** Beside the straight line, to the right of whoever goes along. */
function line(from: Point, to: Point): SVGElement {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const x = (APART * (from.y - to.y)) / length;
  const y = (APART * (to.x - from.x)) / length;
  const path = [from.x + x, from.y + y, to.x + x, to.y + y].map((value) => value.toFixed(1));
  return draw('path', { d: `M${path[0]} ${path[1]}L${path[2]} ${path[3]}` });
}

function text({ x, y }: Point, content: string, className: string): SVGElement {
  return draw('text', { x: x.toFixed(1), y: y.toFixed(1), class: className }, content);
}

function at({ x, y }: Point): { cx: string; cy: string } {
  return { cx: x.toFixed(1), cy: y.toFixed(1) };
}

/** Shorter ones are not told apart (see `LinkedPeer`). */
function timeOf(rtt: number): string {
  return `${rtt > 20 ? '' : '≤ '}${rtt} ms`;
}

function classOf(direction: string, rate: number): string {
  return levelOf(rate) > 0 ? `${direction} flow${levelOf(rate)}` : '';
}

function levelOf(rate: number): number {
  return LEVELS.filter((level) => rate >= level).length;
}
