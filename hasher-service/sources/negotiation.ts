import type { Hashed } from '../../src/core/merkle-assembler.js';
import { mediaType, strongETag } from '../judging/headers.js';
import type { OriginAnswer, OriginClient } from '../origin/client.js';
import { OriginFault } from '../origin/fault.js';
import type { Representation } from '../origin/representation.js';

/** What browsers send when an element asks, by kind of media (they agree but for details). */
const ELEMENT_ACCEPT: Readonly<Record<string, string>> = {
  image: 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
  video: 'video/webm,video/ogg,video/*;q=0.9,application/ogg;q=0.7,audio/*;q=0.6,*/*;q=0.5',
  audio: 'audio/webm,audio/ogg,audio/wav,audio/*;q=0.9,application/ogg;q=0.7,video/*;q=0.6,*/*;q=0.5',
};

/** What the second probe says: other bytes for an element, the same, or only the bytes can tell. */
export type Probed = 'same' | 'differs' | 'undecided';

/** Finds out whether an element of a page would get other bytes than a client without preferences. */
export class Negotiation {
  constructor(private readonly client: OriginClient) {}

  /** Asks for the head of what an element would get. */
  async probe(seen: Representation): Promise<Probed> {
    const accept = acceptFor(seen);
    if (accept === undefined) return 'same';
    // A probe that fails leaves the question open; comparing bytes then meets the same fault, or not.
    const head = await this.client
      .send({ ...seen.request, method: 'HEAD', accept })
      .catch((error: unknown) => {
        if (error instanceof OriginFault) return undefined;
        throw error;
      });
    head?.discard();
    if (head?.status !== 200) return 'undecided';
    if (mediaType(head.headers) !== mediaType(seen.headers)) return 'differs';
    const tags = [strongETag(seen.headers), strongETag(head.headers)];
    if (tags.includes(undefined)) return 'undecided';
    return tags[0] === tags[1] ? 'same' : 'differs';
  }

  /** Asks for the bytes that an element would get. */
  again(seen: Representation): Promise<OriginAnswer> {
    return this.client.send({ ...seen.request, accept: acceptFor(seen) ?? seen.request.accept });
  }
}

/** Whether two answers held the same bytes. */
export function isSame(a: Hashed, b: Hashed | undefined): boolean {
  return a.root === b?.root && a.cut.length === b.cut.length;
}

function acceptFor({ headers }: Representation): string | undefined {
  return ELEMENT_ACCEPT[mediaType(headers).split('/', 1)[0] ?? ''];
}
