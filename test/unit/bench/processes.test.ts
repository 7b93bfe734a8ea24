import { describe, expect, it } from 'vitest';
import { familyOf, processOf, type Process } from '../../../bench/support/processes.js';

function processNamed(command: string, pid: number, parent: number): Process {
  return { pid, parent, command, cpuTime: 0 };
}

describe('a family of processes', () => {
  const all = [
    processNamed('renderer', 30, 20),
    processNamed('init', 1, 0),
    processNamed('browser --profile=a', 10, 1),
    processNamed('zygote', 20, 10),
    processNamed('browser --profile=b', 11, 1),
    processNamed('gpu', 12, 11),
  ];

  it('is a head with all its descendants, however they are listed', () => {
    const family = familyOf(all, ({ command }) => command.includes('profile=a'));
    expect(family.map(({ pid }) => pid).sort()).toEqual([10, 20, 30]);
  });

  it('counts nobody twice who is head and child', () => {
    expect(familyOf(all, ({ pid }) => pid >= 10)).toHaveLength(5);
  });

  it('is empty without a head', () => {
    expect(familyOf(all, () => false)).toEqual([]);
  });
});

describe.runIf(process.platform === 'linux')('a process of this system', () => {
  it('has its parent, its command and the time it took', async () => {
    const own = await processOf(process.pid);
    expect(own).toMatchObject({ pid: process.pid, parent: process.ppid });
    const { user, system } = process.cpuUsage();
    // The system counts in hundredths of a second.
    expect(Math.abs(own.cpuTime - (user + system) / 1e6)).toBeLessThan(0.2);
  });

  it('may have gone', async () => {
    await expect(processOf(2 ** 30)).rejects.toThrow('ENOENT');
  });
});
