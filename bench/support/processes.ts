import { readdir, readFile } from 'node:fs/promises';

/** Of `/proc/<pid>/stat`, behind the name: parent, user and system time, and the unit of these. */
const [PARENT, USER_TIME, SYSTEM_TIME, TICKS_PER_SECOND] = [1, 11, 12, 100];

/** A process as the system sees it now. Linux only. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Program and arguments, each ended by a NUL. */
  readonly command: string;
  /** Seconds of processor time so far, of all its threads. */
  readonly cpuTime: number;
}

/** Rejects when there is no such process (any more). */
export async function processOf(pid: number): Promise<Process> {
  const [stat, command] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/cmdline`, 'utf8'),
  ]);
  const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
  const cpuTime = (Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])) / TICKS_PER_SECOND;
  return { pid, parent: Number(fields[PARENT]), command, cpuTime };
}

export async function allProcesses(): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.allSettled(pids.map((pid) => processOf(Number(pid))));
  return found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

/** Those that `isHead` picks, their children, the children of these, and so on. */
export function familyOf(all: readonly Process[], isHead: (process: Process) => boolean): Process[] {
  const family = new Set(all.filter(isHead));
  for (const member of family) {
    for (const process of all) if (process.parent === member.pid) family.add(process);
  }
  return [...family];
}
