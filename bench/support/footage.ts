import path from 'node:path';
import {
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  FilePathSource,
  Input,
  MP4,
  Mp4OutputFormat,
  NullTarget,
  Output,
  type EncodedPacket,
  type InputAudioTrack,
  type InputVideoTrack,
} from 'mediabunny';
import { noise } from './pictures.js';

/** The demo site's film, a minute; here for its sound. */
const FILM = 'demo-site/public/media/video/tides.mp4';
const FILM_SECONDS = 60;
/**
 * Its pictures, with a key frame every two seconds and none that refer to later ones, so small that ten players do not
 * measure how fast a machine decodes:
 * `ffmpeg -i tides.mp4 -an -vf scale=160:90 -c:v libx264 -preset veryslow -crf 30 -profile:v high -level 3.1
 * -pix_fmt yuv420p -bf 0 -g 50 -keyint_min 50 -sc_threshold 0 -movflags +faststart footage.mp4`.
 */
const PICTURES = 'bench/media/footage.mp4';
const PICTURES_PER_SECOND = 25;

/** AVCC (ISO/IEC 14496-15): each NAL unit has its length before it. Filler data is type 12 (H.264, 7.3.2.7). */
const LENGTH_BYTES = 4;
const FILLER = 12;

/** What to make of the film. */
export interface Cut {
  readonly seconds: number;
  /** Of picture and sound together (bits per second). */
  readonly bitrate: number;
  /** Other seeds give other bytes. */
  readonly seed: number;
}

/** A stream for Media Source Extensions. */
export interface Segments {
  /** `ftyp` and `moov`. */
  readonly init: Uint8Array;
  /** `moof` and `mdat` of one segment each. */
  readonly media: readonly Uint8Array[];
}

/** The film over and over, each picture padded to the bitrate. */
export class Footage {
  private constructor(
    private readonly picture: InputVideoTrack,
    private readonly sound: InputAudioTrack,
    private readonly pictures: readonly EncodedPacket[],
    private readonly sounds: readonly EncodedPacket[],
  ) {}

  static async read(root: string): Promise<Footage> {
    const [picture, sound] = await Promise.all([
      opened(root, PICTURES).getPrimaryVideoTrack(),
      opened(root, FILM).getPrimaryAudioTrack(),
    ]);
    if (!picture || !sound) throw new Error('there are no pictures, or there is no sound');
    const pictures: EncodedPacket[] = [];
    for await (const packet of new EncodedPacketSink(picture).packets()) pictures.push(packet);
    const sounds: EncodedPacket[] = [];
    for await (const packet of new EncodedPacketSink(sound).packets())
      if (packet.timestamp >= 0) sounds.push(packet);
    return new Footage(picture, sound, pictures, sounds);
  }

  /** Segments of `length` seconds, a multiple of two. */
  async segments(cut: Cut, length: number): Promise<Segments> {
    const init: Uint8Array[] = [];
    const media: Uint8Array[] = [];
    const format = new Mp4OutputFormat({
      fastStart: 'fragmented',
      minimumFragmentDuration: length,
      onFtyp: (data) => init.push(data.slice()),
      onMoov: (data) => init.push(data.slice()),
      onMoof: (data) => media.push(data.slice()),
      onMdat: (data) => media.push(Buffer.concat([media.pop() ?? Buffer.alloc(0), data])),
    });
    await this.#write(new Output({ format, target: new NullTarget() }), cut);
    return { init: Buffer.concat(init), media };
  }

  /** One MP4 file with its index in front. */
  async file(cut: Cut): Promise<Uint8Array> {
    const target = new BufferTarget();
    await this.#write(new Output({ format: new Mp4OutputFormat({ fastStart: 'in-memory' }), target }), cut);
    if (!target.buffer) throw new Error('no film came out');
    return new Uint8Array(target.buffer);
  }

  async #write(output: Output, cut: Cut): Promise<void> {
    const pictures = new EncodedVideoPacketSource('avc');
    const sounds = new EncodedAudioPacketSource('aac');
    output.addVideoTrack(pictures);
    output.addAudioTrack(sounds);
    await output.start();
    const [forPictures, forSounds] = await Promise.all([
      this.picture.getDecoderConfig(),
      this.sound.getDecoderConfig(),
    ]);
    const all = [
      ...this.#padded(cut).map((packet) => ({ packet, isPicture: true })),
      ...looped(this.sounds, cut.seconds).map((packet) => ({ packet, isPicture: false })),
    ].sort((a, b) => a.packet.timestamp - b.packet.timestamp);
    for (const { packet, isPicture } of all) {
      if (isPicture) await pictures.add(packet, forPictures ? { decoderConfig: forPictures } : undefined);
      else await sounds.add(packet, forSounds ? { decoderConfig: forSounds } : undefined);
    }
    await output.finalize();
  }

  #padded({ seconds, bitrate, seed }: Cut): EncodedPacket[] {
    const soundBytes = this.sounds.reduce((sum, { byteLength }) => sum + byteLength, 0) / FILM_SECONDS;
    const bytes = Math.round((bitrate / 8 - soundBytes) / PICTURES_PER_SECOND);
    return looped(this.pictures, seconds).map((packet, i) => {
      const filled = Buffer.concat([packet.data, filler(bytes - packet.byteLength, seed * 100_000 + i)]);
      return packet.clone({ data: filled });
    });
  }
}

function opened(root: string, file: string): Input {
  return new Input({ source: new FilePathSource(path.join(root, file)), formats: [MP4] });
}

/** The film's packets, again from its start when it ends, up to so many seconds. */
function looped(packets: readonly EncodedPacket[], seconds: number): EncodedPacket[] {
  const loops = Array.from({ length: Math.ceil(seconds / FILM_SECONDS) }, (_, i) => i * FILM_SECONDS);
  return loops.flatMap((later) =>
    packets
      .filter(({ timestamp }) => timestamp + later < seconds && timestamp < FILM_SECONDS)
      .map((packet) => packet.clone({ timestamp: packet.timestamp + later })),
  );
}

/** Noise that decoders skip; it must not hold what starts a NAL unit. */
function filler(bytes: number, seed: number): Buffer {
  const unit = noise(Math.max(bytes, LENGTH_BYTES + 1), seed).map((byte) => byte || 1);
  const filled = Buffer.from(unit.buffer, unit.byteOffset, unit.byteLength);
  filled.writeUInt32BE(filled.byteLength - LENGTH_BYTES);
  filled[LENGTH_BYTES] = FILLER;
  return filled;
}
