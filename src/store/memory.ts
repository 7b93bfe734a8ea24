import type { Clock } from '../core/clock.js';
import { BackedStore } from './backed.js';
import type { PieceStore } from './port.js';

/** A store of `quota` bytes that lasts as long as the process. */
export function memoryStore(clock: Clock, quota: number): PieceStore {
  return new BackedStore({ clock, quota });
}
