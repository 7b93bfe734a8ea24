/**
 * Fragmented MP4 (ISO/IEC 14496-12), as far as it takes to play a film again and again on one timeline.
 * The boxes come from the site's own files, so nothing is defended against here.
 */
interface Box {
  readonly type: string;
  /** Where the box begins; its content follows after `HEADER`. */
  readonly start: number;
  readonly end: number;
}

/** Size and type; larger headers are for boxes of 4 GiB. */
const HEADER = 8;
/** Version and flags, which begin the content of what the standard calls a full box. */
const FULL = HEADER + 4;

function boxes(bytes: Buffer, from = 0, to = bytes.byteLength): Box[] {
  const found: Box[] = [];
  for (let start = from; start < to;) {
    const end = start + bytes.readUInt32BE(start);
    found.push({ type: bytes.toString('latin1', start + 4, start + HEADER), start, end });
    start = end;
  }
  return found;
}

/** The boxes of type `type` within `box`. */
function within(bytes: Buffer, box: Box, type: string): Box[] {
  return boxes(bytes, box.start + HEADER, box.end).filter((inner) => inner.type === type);
}

/** Ticks a second of each track, by its number, from the film's initialization segment. */
export function timescales(init: Buffer): ReadonlyMap<number, number> {
  const tracks = boxes(init)
    .filter(({ type }) => type === 'moov')
    .flatMap((moov) => within(init, moov, 'trak'));
  return new Map(tracks.map((track) => [trackNumber(init, track), ticksPerSecond(init, track)]));
}

/** Behind two times, of 4 bytes each in version 0 and 8 in version 1. */
function afterTimes(bytes: Buffer, { start }: Box): number {
  return start + FULL + (bytes.readUInt8(start + HEADER) === 1 ? 16 : 8);
}

function trackNumber(init: Buffer, track: Box): number {
  const [header] = within(init, track, 'tkhd');
  return header === undefined ? 0 : init.readUInt32BE(afterTimes(init, header));
}

function ticksPerSecond(init: Buffer, track: Box): number {
  const [header] = within(init, track, 'mdia').flatMap((media) => within(init, media, 'mdhd'));
  return header === undefined ? 0 : init.readUInt32BE(afterTimes(init, header));
}

/** The fragments of a media segment, each a `moof` with its `mdat`; indexes and brands are left out. */
export function fragmentsOf(segment: Buffer): Buffer[] {
  const all = boxes(segment).filter(({ type }) => type === 'moof' || type === 'mdat');
  return all.flatMap(({ type, start }, place) =>
    type === 'moof' ? [segment.subarray(start, all[place + 1]?.end)] : [],
  );
}

/** A copy of `fragment` with another number, `seconds` later. */
export function postponed(
  fragment: Buffer,
  { number, seconds, ticks }: { number: number; seconds: number; ticks: ReadonlyMap<number, number> },
): Buffer {
  const copy = Buffer.from(fragment);
  for (const moof of boxes(copy).filter(({ type }) => type === 'moof')) {
    for (const { start } of within(copy, moof, 'mfhd')) copy.writeUInt32BE(number, start + FULL);
    for (const track of within(copy, moof, 'traf')) {
      const [header] = within(copy, track, 'tfhd');
      const scale = header && ticks.get(copy.readUInt32BE(header.start + FULL));
      for (const time of within(copy, track, 'tfdt')) postpone(copy, time, seconds * (scale ?? 0));
    }
  }
  return copy;
}

/** When a fragment's first picture or sound is decoded: 4 bytes in version 0, 8 in version 1. */
function postpone(bytes: Buffer, { start }: Box, ticks: number): void {
  const at = start + FULL;
  if (bytes.readUInt8(start + HEADER) === 0) bytes.writeUInt32BE(bytes.readUInt32BE(at) + ticks, at);
  else bytes.writeBigUInt64BE(bytes.readBigUInt64BE(at) + BigInt(ticks), at);
}
