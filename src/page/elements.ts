type Attributes = Readonly<Record<string, string | number>>;
type Children = readonly (Node | string)[];

/** An element with these attributes and contents. Texts never become markup. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Children
): HTMLElementTagNameMap[Tag] {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function draw<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Children
): SVGElementTagNameMap[Tag] {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

/** Writes only what is new: whoever has selected or is being read a text is not disturbed. */
export function write(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

function filled<One extends Element>(element: One, attributes: Attributes, children: Children): One {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}
