import { Bitfield } from '../../src/core/bitfield.js';

/** A field with every bit set. */
export function fullBitfield(length: number): Bitfield {
  const field = new Bitfield(length);
  for (let i = 0; i < length; i++) field.set(i);
  return field;
}
