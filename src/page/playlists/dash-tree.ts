import { MAX_RENDITIONS } from './limits.js';

/** Content of no use here, on which the parser would spend time, or fail. */
const UNUSED = ['EventStream', 'InbandEventStream', 'ContentProtection', 'Accessibility', 'ContentSteering'];
/** Hosts that a manifest may name for all that it lists. Those of a part multiply with these: one each. */
const MAX_HOSTS = 4;
/** Periods, sets of renditions and renditions, all together. */
const MAX_ELEMENTS = 4 * MAX_RENDITIONS;
/** The standard knows no element with more than 40; each is copied for each rendition inside. */
const MAX_ATTRIBUTES = 50;

/**
 * Takes away from a manifest what would make the parser's work grow faster than its text.
 * @throws RangeError when that cannot be done
 */
export function prune(mpd: Element): void {
  for (const name of UNUSED) for (const element of all(mpd, name)) element.parentNode?.removeChild(element);
  const seen = new Map<Node | null, number>();
  for (const element of all(mpd, 'BaseURL')) {
    const parent = element.parentNode;
    const count = (seen.get(parent) ?? 0) + 1;
    seen.set(parent, count);
    if (count > (parent === mpd ? MAX_HOSTS : 1)) parent?.removeChild(element);
  }
  const containers = ['Period', 'AdaptationSet', 'Representation'].flatMap((name) => all(mpd, name));
  const isWordy = (element: Element): boolean => element.attributes.length > MAX_ATTRIBUTES;
  if (containers.length > MAX_ELEMENTS || isWordy(mpd) || all(mpd, '*').some(isWordy)) {
    throw new RangeError('a manifest that says too much');
  }
}

/** A list that does not change with the tree. */
function all(mpd: Element, name: string): Element[] {
  return Array.from(mpd.getElementsByTagName(name));
}
