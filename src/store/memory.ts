import type { Clock } from '../core/clock.js';
import { BackedStore } from './backed.js';
import { memoryBacking } from './backing.js';
import type { PieceStore } from './port.js';

/** A store of `quota` bytes that lasts as long as the process. */
export function memoryStore(clock: Clock, quota: number): PieceStore {
  return new BackedStore({ backing: memoryBacking(), clock, quota });
}
