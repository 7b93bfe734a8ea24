type Child = Node | string;
type Attributes = Readonly<Record<string, string>>;

/** An element. Texts become text, never markup. */
export function el<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

export function svg(name: string, attributes: Attributes, ...children: readonly Child[]): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** The element of the page's own markup with this id. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new TypeError(`there is no ${id}`);
}

/** A coloured square beside what it stands for; `colour` is the name of a custom property. */
export function swatch(colour: string): HTMLElement {
  const square = el('span', { class: 'swatch', 'aria-hidden': 'true' });
  square.style.background = `var(${colour})`;
  return square;
}

/** A table that can be scrolled with the keyboard, too. */
export function table(
  name: string,
  heads: readonly string[],
  rows: readonly HTMLTableRowElement[],
): HTMLElement {
  const head = el(
    'tr',
    {},
    ...heads.map((text, i) => el('th', { scope: 'col', class: i === 0 ? '' : 'number' }, text)),
  );
  const whole = el('table', {}, el('thead', {}, head), el('tbody', {}, ...rows));
  return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': name }, whole);
}

export function row(first: Child, ...others: readonly Child[]): HTMLTableRowElement {
  const cells = others.map((child) => el('td', { class: 'number' }, child));
  return el('tr', {}, el('th', { scope: 'row', class: 'url' }, first), ...cells);
}
