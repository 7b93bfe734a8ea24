import { CustomSource, Input, MP4, QTFF, WEBM } from 'mediabunny';
import type { MediaBytes } from './media-ends.js';
import { isDuration } from './timed-media.js';

/**
 * Seconds that a media file lasts; `undefined` when its kept bytes do not say. Rejects, hangs or runs
 * out of memory on files made for that: see media-parser.ts.
 */
export async function durationOf(media: MediaBytes): Promise<number | undefined> {
  const input = new Input({ formats: [MP4, QTFF, WEBM], source: sourceOf(media) });
  try {
    const seconds = (await input.getDurationFromMetadata()) ?? (await input.computeDuration());
    return isDuration(seconds) ? seconds : undefined;
  } finally {
    input.dispose();
  }
}

function sourceOf(media: MediaBytes): CustomSource {
  return new CustomSource({
    getSize: () => media.length,
    async read(start, end) {
      const bytes = await media.read({ start, end });
      if (!bytes) throw new RangeError(`bytes ${start} to ${end} of ${media.length} were not kept`);
      return bytes;
    },
    // What goes wrong with nobody waiting for it is of no interest.
    handleUnhandledError: () => undefined,
  });
}
