type Value = string | number | readonly Value[] | { readonly [key: string]: Value };
type Branch = [zero: Twig, one: Twig];
type Twig = Branch | number | undefined;

const MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
const SEPARATOR = 16;
const [STRING, UINT32, MAP, ARRAY] = [2, 6, 7, 11];

/**
 * A database in MaxMind's format (version 2.0, IPv4, records of 24 bits) that holds what is given for each
 * network, written `8.8.8.0/24`.
 */
export function networkDatabase(networks: Readonly<Record<string, Value>>): Buffer {
  const root: Branch = [undefined, undefined];
  const data: Buffer[] = [];
  let size = 0;
  for (const [network, value] of Object.entries(networks)) {
    insert(root, bitsOf(network), size);
    const bytes = encoded(value);
    data.push(bytes);
    size += bytes.length;
  }
  const nodes = listed(root);
  const tree = nodes.flatMap((node) => node.map((twig) => uint(recordOf(twig, nodes), 3)));
  return Buffer.concat([...tree, Buffer.alloc(SEPARATOR), ...data, MARKER, encoded(metadata(nodes.length))]);
}

function metadata(nodes: number): Value {
  return {
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    database_type: 'Test',
    description: { en: 'a test' },
    ip_version: 4,
    languages: ['en'],
    node_count: nodes,
    record_size: 24,
  };
}

function bitsOf(network: string): number[] {
  const [address = '', length] = network.split('/');
  const bits = address.split('.').map((byte) => Number(byte).toString(2).padStart(8, '0'));
  return Array.from(bits.join('').slice(0, Number(length)), Number);
}

function insert(branch: Branch, [bit = 0, ...rest]: readonly number[], offset: number): void {
  if (rest.length === 0) branch[bit] = offset;
  else {
    const next = branch[bit];
    const below: Branch = Array.isArray(next) ? next : [undefined, undefined];
    branch[bit] = below;
    insert(below, rest, offset);
  }
}

function listed(branch: Branch): Branch[] {
  return [branch, ...branch.flatMap((twig) => (Array.isArray(twig) ? listed(twig) : []))];
}

function recordOf(twig: Twig, nodes: readonly Branch[]): number {
  if (twig === undefined) return nodes.length;
  return Array.isArray(twig) ? nodes.indexOf(twig) : nodes.length + SEPARATOR + twig;
}

function encoded(value: Value): Buffer {
  if (typeof value === 'string') return Buffer.concat([control(STRING, value.length), Buffer.from(value)]);
  if (typeof value === 'number') return Buffer.concat([control(UINT32, 4), uint(value, 4)]);
  if (isList(value)) return Buffer.concat([control(ARRAY, value.length), ...value.map(encoded)]);
  const entries = Object.entries(value);
  return Buffer.concat([control(MAP, entries.length), ...entries.flat().map(encoded)]);
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** Type and size; sizes from 29 on have a byte of their own. */
function control(type: number, size: number): Buffer {
  const short = Math.min(size, 29);
  const head = type > MAP ? [short, type - MAP] : [(type << 5) | short];
  return Buffer.from(size < 29 ? head : [...head, size - 29]);
}

function uint(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  return bytes;
}
