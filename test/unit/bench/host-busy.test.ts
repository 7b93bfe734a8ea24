import os from 'node:os';
import { afterEach, expect, it, vi } from 'vitest';
import { HostBusy } from '../../../bench/support/host-busy.js';

afterEach(() => {
  vi.restoreAllMocks();
});

function setTimes(...cores: readonly { readonly user: number; readonly idle: number }[]): void {
  const all = cores.map((times) => ({ model: '', speed: 0, times: { nice: 0, sys: 0, irq: 0, ...times } }));
  vi.spyOn(os, 'cpus').mockReturnValue(all);
}

it('is the share of all processors since the start', () => {
  setTimes({ user: 1000, idle: 0 }, { user: 0, idle: 500 });
  const busy = new HostBusy();
  setTimes({ user: 1100, idle: 0 }, { user: 50, idle: 550 });
  expect(busy.share).toBe(0.75);
  expect(busy.row()).toEqual({ name: 'processors of the host, busy', value: 75, unit: '%' });
});

it('says so when the machine was crowded', () => {
  setTimes({ user: 0, idle: 0 });
  const busy = new HostBusy();
  setTimes({ user: 90, idle: 10 });
  expect(busy.row().note).toMatch(/^above 80/);
});

it('is nothing when no time has passed', () => {
  setTimes({ user: 7, idle: 7 });
  expect(new HostBusy().share).toBe(0);
});
