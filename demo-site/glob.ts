/** A test for paths by a pattern in which `*` stands for any characters; the whole path must match. */
export function globTest(pattern: string): (path: string) => boolean {
  const literal = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${literal.join('.*')}$`, 's');
  return (path) => expression.test(path);
}
