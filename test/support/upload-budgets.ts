import type { ByteLength, CanonicalUrl, Root } from '../../src/core/brands.js';
import { Bitfield } from '../../src/core/bitfield.js';
import { pieceCount, type Cut } from '../../src/core/pieces.js';
import type { Clock } from '../../src/core/clock.js';
import type { Holding } from '../../src/page/holdings.js';
import type { Memory } from '../../src/page/memory.js';
import type { PeerfoldOptions } from '../../src/page/options.js';
import { UploadBudget, type UploadBudgetOptions } from '../../src/page/upload-budget.js';
import type { Device } from '../../src/page/upload-network.js';
import { FakeClock } from './fake-clock.js';
import { DESKTOP, fakeMemory } from './fake-visitor.js';

/** What the worker says is held of a file: its first `pieces`, or all. */
export function holding(name: number, length: number, pieces?: number): Holding {
  const cut: Cut = { length: length as ByteLength, piece: 65536 as ByteLength };
  const bits = new Bitfield(pieceCount(cut));
  for (let i = 0; i < (pieces ?? bits.length); i++) bits.set(i);
  const root = name.toString(16).padStart(64, '0') as Root;
  const url = `https://site.example/${name}.jpg` as CanonicalUrl;
  return { root, cut, bits, layer: undefined, url, token: 'a.b.c', until: Number.MAX_SAFE_INTEGER };
}

export interface BudgetSetting {
  readonly options?: Partial<PeerfoldOptions>;
  readonly clock?: Clock;
  readonly memory?: Memory;
  readonly device?: Device;
  readonly page?: UploadBudgetOptions['page'];
}

/** A page that has loaded. */
const LOADED = Object.assign(new EventTarget(), { document: { readyState: 'complete' } });

/** A budget of a visit that is named, and the rates that it has told. */
export function budgetOf(setting: BudgetSetting = {}) {
  const memory = setting.memory ?? fakeMemory({ visit: 'visit1@0' });
  const rates: number[] = [];
  const budget: UploadBudget = new UploadBudget({
    ...{ clock: new FakeClock(), device: DESKTOP, page: LOADED, ...setting, memory },
    options: { consent: 'implied', ...setting.options },
    changed: () => rates.push(budget.rate),
  });
  return { budget, memory, rates };
}
