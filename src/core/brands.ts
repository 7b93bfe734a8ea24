/**
 * Branded primitives: plain strings and numbers at run time, kept apart by the compiler so that a
 * piece index is never passed where a byte length is meant.
 */
declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** BEP 52 `pieces root` of one representation: 64 lower-case hexadecimal digits. */
export type Root = Brand<string, 'Root'>;
/** The first 16 bytes of a root, 32 hexadecimal digits: what travels to the tracker. */
export type RootPrefix = Brand<string, 'RootPrefix'>;
/** SHA-256 of a canonical URL, 64 hexadecimal digits: how peers and static sites name a URL. */
export type UrlHash = Brand<string, 'UrlHash'>;
/** A visitor's identity at one tracker, given by that tracker. */
export type PeerId = Brand<string, 'PeerId'>;
/** Position of a piece in its representation, from 0. */
export type PieceIndex = Brand<number, 'PieceIndex'>;
/** A count of bytes: a non-negative safe integer. */
export type ByteLength = Brand<number, 'ByteLength'>;
/** A site: the serialised origin that digest tokens are made for, such as `https://www.example.com`. */
export type Site = Brand<string, 'Site'>;
/** An absolute URL in the one spelling that tokens are signed for; see `canonicalUrl`. */
export type CanonicalUrl = Brand<string, 'CanonicalUrl'>;

const ROOT_SHAPE = /^[0-9a-f]{64}$/;
const PREFIX_SHAPE = /^[0-9a-f]{32}$/;
const PEER_ID_SHAPE = /^[A-Za-z0-9_-]{8,64}$/;

export function isRoot(value: unknown): value is Root {
  return typeof value === 'string' && ROOT_SHAPE.test(value);
}

export function isRootPrefix(value: unknown): value is RootPrefix {
  return typeof value === 'string' && PREFIX_SHAPE.test(value);
}

export function isPeerId(value: unknown): value is PeerId {
  return typeof value === 'string' && PEER_ID_SHAPE.test(value);
}

export function isByteLength(value: unknown): value is ByteLength {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

export function prefixOf(root: Root): RootPrefix {
  return root.slice(0, 32) as RootPrefix;
}
