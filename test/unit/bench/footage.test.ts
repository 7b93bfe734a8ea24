import { BufferSource, EncodedPacketSink, Input, MP4 } from 'mediabunny';
import { describe, expect, it } from 'vitest';
import { Footage } from '../../../bench/support/footage.js';

const ROOT = new URL('../../..', import.meta.url).pathname;
const footage = await Footage.read(ROOT);

describe('footage', () => {
  it('comes in segments of the length and the bitrate that were asked for', async () => {
    const { media } = await footage.segments({ seconds: 12, bitrate: 2_600_000, seed: 1 }, 4);
    expect(media).toHaveLength(3);
    for (const { byteLength } of media) expect(byteLength / 1_300_000).toBeCloseTo(1, 2);
  });

  it('goes on beyond the end of the film, with every segment another', async () => {
    const { init, media } = await footage.segments({ seconds: 64, bitrate: 1_500_000, seed: 1 }, 2);
    const distinct = new Set(media.map((segment) => Buffer.from(segment).toString('latin1')));
    expect(distinct.size).toBe(32);
    const input = new Input({ source: new BufferSource(Buffer.concat([init, ...media])), formats: [MP4] });
    expect(await input.computeDuration()).toBeCloseTo(64, 1);
  });

  it('is other bytes for another seed, and the same for the same', async () => {
    const cut = async (seed: number): Promise<Buffer> =>
      Buffer.concat((await footage.segments({ seconds: 4, bitrate: 2_000_000, seed }, 4)).media);
    const first = await cut(1);
    expect(first.equals(await cut(1))).toBe(true);
    expect(first.equals(await cut(2))).toBe(false);
  });

  it('is padded with what decoders skip: a NAL unit of type 12 without a start code in it', async () => {
    const cut = { seconds: 4, bitrate: 2_000_000, seed: 1 };
    const source = new BufferSource(await footage.file(cut));
    const track = await new Input({ source, formats: [MP4] }).getPrimaryVideoTrack();
    const packet = track && (await new EncodedPacketSink(track).getFirstPacket());
    const units = unitsOf(packet?.data ?? new Uint8Array());
    expect(units.length).toBeGreaterThan(1);
    const last = units.at(-1) ?? Buffer.alloc(0);
    expect(last[0]).toBe(12);
    expect(last.includes(0)).toBe(false);
  });
});

/** What lies between the lengths of AVCC. */
function unitsOf(data: Uint8Array): Buffer[] {
  const bytes = Buffer.from(data);
  const units: Buffer[] = [];
  for (let at = 0; at < bytes.byteLength;) {
    const end = at + 4 + bytes.readUInt32BE(at);
    units.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return units;
}
