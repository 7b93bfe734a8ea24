import { BufferSource, BufferTarget, Conversion, Input, MP4, Mp4OutputFormat, Output } from 'mediabunny';

/** The same film with its index (`moov`) at the end, as cameras and many tools write it. */
export async function indexLast(film: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const input = new Input({ source: new BufferSource(film), formats: [MP4] });
  const target = new BufferTarget();
  const output = new Output({ format: new Mp4OutputFormat({ fastStart: false }), target });
  const conversion = await Conversion.init({ input, output });
  await conversion.execute();
  if (!target.buffer) throw new Error('no film was made');
  return new Uint8Array(target.buffer);
}
